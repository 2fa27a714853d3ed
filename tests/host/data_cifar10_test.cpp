#include "host/data/cifar10.hpp"

#include <gtest/gtest.h>

#include "tests/host/data_files.hpp"

namespace brink {
namespace {

using test::expect_input_error;

std::string record(char label, char pixel) {
  return std::string(1, label) + std::string(3072, pixel);
}

TEST(Cifar10, ReadsRecords) {
  std::string two = record(3, '\0') + record(9, '\xff');
  two[1 + 1024] = '\x07';
  Dataset<float> data;
  append_cifar10(data, test::as_bytes(two), "a.bin");
  EXPECT_EQ(data.examples, 2);
  EXPECT_EQ(data.features, 3072);
  EXPECT_EQ(data.outputs, 10);
  EXPECT_EQ(data.labels, (std::vector<std::int32_t>{3, 9}));
  ASSERT_EQ(data.x.size(), 2u * 3072u);
  EXPECT_EQ(data.x[1023], 0.0f);
  EXPECT_EQ(data.x[1024], 7.0f);
  EXPECT_EQ(data.x[3072], 255.0f);
}

TEST(Cifar10, TakesFilesInOrderOfTheirNames) {
  test::Files files;
  files.write("data_batch_2.bin", record(2, 'b') + record(3, 'c'));
  files.write("data_batch_1.bin", record(1, 'a'));
  files.write("test_batch.bin", record(7, 't'));
  files.write("batches.meta.txt", "airplane");
  Cifar10Files const found = find_cifar10(files.path(""));
  ASSERT_TRUE(found.test);
  EXPECT_EQ(load_cifar10<double>({*found.test}, {}).labels, (std::vector<std::int32_t>{7}));
  EXPECT_EQ(load_cifar10<float>(found.train, {}).labels, (std::vector<std::int32_t>{1, 2, 3}));
  Dataset<float> const two = load_cifar10<float>(found.train, 2);
  EXPECT_EQ(two.labels, (std::vector<std::int32_t>{1, 2}));
  EXPECT_EQ(two.x.size(), 2u * 3072u);
  EXPECT_EQ(two.x.back(), static_cast<float>('b'));
  expect_input_error([&] { load_cifar10<float>(found.train, 4); }, "it has 1 ... 3");
}

TEST(Cifar10, WorksWithoutATestSet) {
  test::Files files;
  files.write("data_batch_1.bin", record(1, 'a'));
  EXPECT_FALSE(find_cifar10(files.path("")).test);
}

TEST(Cifar10, RefusesBadLabels) {
  test::Files files;
  files.write("data_batch_1.bin", record(1, 'a') + record(10, 'a'));
  auto const found = find_cifar10(files.path(""));
  expect_input_error([&] { load_cifar10<float>(found.train, {}); }, "record 1 has label 10");
  EXPECT_NO_THROW(load_cifar10<float>(found.train, 1));
}

TEST(Cifar10, RefusesBadDirectories) {
  test::Files files;
  expect_input_error([&] { find_cifar10(files.path("missing")); }, "not a readable directory");
  expect_input_error([&] { find_cifar10(files.path("")); }, "holds no data_batch_*.bin");
  files.write("data_batch_1.bin", record(1, 'a').substr(1));
  expect_input_error([&] { find_cifar10(files.path("")); }, "3072 bytes are not a whole number");
  files.write("data_batch_1.bin", "");
  expect_input_error([&] { find_cifar10(files.path("")); }, "0 bytes are not a whole number");
  files.write("data_batch_1.bin", record(1, 'a'));
  files.write("test_batch.bin", record(1, 'a') + "x");
  expect_input_error([&] { find_cifar10(files.path("")); }, "test_batch.bin: 3074 bytes");
}

}  // namespace
}  // namespace brink
