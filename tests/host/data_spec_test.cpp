#include "host/data/data_spec.hpp"

#include <gtest/gtest.h>

#include "tests/host/data_files.hpp"

namespace brink {
namespace {

void expect_refused(std::string const& source, std::string const& part) {
  test::expect_input_error([&] { parse_data_spec(source); }, part);
}

TEST(DataSpec, SyntheticHasDefaultsAndKeys) {
  EXPECT_EQ(parse_data_spec("synthetic").synthetic.examples, 2000);
  DataSpec const spec = parse_data_spec(
      "synthetic:examples=7,features=3,classes=4,test=5,modes=2,seed=18446744073709551615,"
      "scale=0.5,decay=2,separation=1e-1");
  EXPECT_EQ(spec.kind, DataKind::synthetic);
  EXPECT_EQ(spec.synthetic.examples, 7);
  EXPECT_EQ(spec.synthetic.features, 3);
  EXPECT_EQ(spec.synthetic.classes, 4);
  EXPECT_EQ(spec.synthetic.test, 5);
  EXPECT_EQ(spec.synthetic.modes, 2);
  EXPECT_EQ(spec.synthetic.seed, ~0ull);
  EXPECT_EQ(spec.synthetic.scale, 0.5);
  EXPECT_EQ(spec.synthetic.decay, 2.0);
  EXPECT_EQ(spec.synthetic.separation, 0.1);
}

TEST(DataSpec, FilesKeepTheirOrder) {
  DataSpec const two = parse_data_spec("npy:a/x.npy,y.npy");
  EXPECT_EQ(two.kind, DataKind::npy);
  EXPECT_EQ(two.paths, (std::vector<std::filesystem::path>{"a/x.npy", "y.npy"}));
  DataSpec const four = parse_data_spec("idx:a,b,c,d");
  EXPECT_EQ(four.kind, DataKind::idx);
  EXPECT_EQ(four.paths, (std::vector<std::filesystem::path>{"a", "b", "c", "d"}));
  DataSpec const directory = parse_data_spec("cifar10:/some/where:else,or so");
  EXPECT_EQ(directory.kind, DataKind::cifar10);
  EXPECT_EQ(directory.paths, (std::vector<std::filesystem::path>{"/some/where:else,or so"}));
}

TEST(DataSpec, RefusesUnknownSources) {
  expect_refused("", "unknown source ''");
  expect_refused("mnist:x", "unknown source 'mnist'");
  expect_refused("Synthetic", "unknown source");
  expect_refused("cifar10", "needs the directory");
  expect_refused("cifar10:", "needs the directory");
}

TEST(DataSpec, RefusesTheWrongNumberOfFiles) {
  expect_refused("idx", "names empty files");
  expect_refused("idx:a", "names 1 files");
  expect_refused("npy:a,b,c", "names 3 files");
  expect_refused("npy:a,b,c,d,e", "names 5 files");
  expect_refused("npy:a,", "names empty files");
}

TEST(DataSpec, RefusesBadKeysAndNumbers) {
  expect_refused("synthetic:", "'' is not key=value");
  expect_refused("synthetic:examples", "'examples' is not key=value");
  expect_refused("synthetic:examples=10,", "'' is not key=value");
  expect_refused("synthetic:example=10", "unknown key 'example'; the keys are examples");
  expect_refused("synthetic:examples=", "examples= is not an integer");
  expect_refused("synthetic:examples=1e3", "examples=1e3 is not an integer");
  expect_refused("synthetic:examples=99999999999999999999", "is not an integer in range");
  expect_refused("synthetic:seed=-1", "seed=-1 is not an integer in range");
  expect_refused("synthetic:scale=2x", "scale=2x is not a number");
  expect_refused("synthetic:decay=nan", "decay=nan must lie in");
  expect_refused("synthetic:separation=inf", "separation=inf must lie in");
  expect_refused("synthetic:classes=1", "classes=1 must lie in 2 ...");
}

}  // namespace
}  // namespace brink
