#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "host/record/checkpoint.hpp"
#include "host/record/zarr.hpp"
#include "tests/host/record_support.hpp"

namespace brink {
namespace {

void write_training_record(std::filesystem::path const& path) {
  auto record = ZarrGroup::create(path, {{"brink_version", "0.1.0"},
                                         {"lr", 2.0 / 30},
                                         {"diverged_at", NAN},
                                         {"config", {{"hidden", {200, 200}}, {"loss", "mse"}}}});
  auto const define = [&](char const* name, DType dtype, std::vector<std::string> dimensions,
                          std::vector<std::int64_t> shape, std::vector<std::int64_t> chunks,
                          nlohmann::json attributes) {
    bool const grows = dimensions.front() != "tau";
    record.define({name, dtype, std::move(dimensions), std::move(shape), std::move(chunks),
                   std::move(attributes), grows});
  };
  define("step", DType::i8, {"step"}, {0}, {}, {{"long_name", "iteration"}});
  define("loss", DType::f8, {"step"}, {0}, {16}, {{"units", "1"}, {"long_name", "training loss"}});
  define("accuracy", DType::f4, {"step"}, {0}, {}, {{"units", "1"}});
  define("line_smoothness", DType::f8, {"line_step", "tau"}, {0, 5}, {3, 2}, {{"units", "1"}});
  define("line_step", DType::u4, {"line_step"}, {0}, {}, {});
  define("tau", DType::f8, {"tau"}, {5}, {}, {{"units", "1"}});
  std::vector<double> const tau{0.2, 0.4, 0.6, 0.8, 1.0};
  record.write("tau", std::span<double const>(tau));
  for (int step = 0; step < 100; ++step) {
    record.append("step", step);
    record.append("loss", step == 99 ? NAN : 1.0 / (step + 1));
    record.append("accuracy", step / 128.0);
    if (step % 10 == 0) {
      record.append("line_step", step);
      std::vector<double> row(tau);
      for (auto& value : row) value += step;
      record.append("line_smoothness", std::span<double const>(row));
    }
    if (step % 7 == 0) record.flush(Durable::no);
  }
  record.flush();
  save_checkpoint(path, {{{"step", 100}}, {}});
}

void write_scan_record(std::filesystem::path const& path) {
  auto record = ZarrGroup::create(path, {{"brink_version", "0.1.0"}});
  auto const define = [&](char const* name, DType dtype, std::vector<std::string> dimensions,
                          std::vector<std::int64_t> shape, nlohmann::json attributes) {
    std::vector<std::int64_t> const chunks(shape.size(), 4);
    record.define({name, dtype, std::move(dimensions), std::move(shape), chunks,
                   std::move(attributes), false});
  };
  define("y", DType::f8, {"y"}, {6}, {{"units", "1"}});
  define("x", DType::f8, {"x"}, {9}, {{"units", "1"}});
  define("outcome", DType::u1, {"y", "x"}, {6, 9},
         {{"flag_values", {0, 1, 2, 3, 4, 5}},
          {"flag_meanings", "undecided stable unstable diverged stationary periodic"}});
  define("minimum", DType::i2, {"y", "x"}, {6, 9}, {});
  define("rises", DType::u2, {"y", "x"}, {6, 9}, {});
  define("shift", DType::i4, {"y", "x"}, {6, 9}, {});
  define("steps", DType::u8, {"y", "x"}, {6, 9}, {});
  define("trace", DType::f8, {}, {}, {{"units", "1"}});
  std::vector<int> places(54);
  for (int i = 0; i < 54; ++i) places[i] = i;
  record.write("y", std::span<int const>(places).first(6));
  record.write("x", std::span<int const>(places).first(9));
  for (auto const* name : {"minimum", "rises", "shift", "steps"}) {
    record.write(name, std::span<int const>(places));
  }
  for (auto& place : places) place %= 6;
  record.write("outcome", std::span<int const>(places));
  record.write("trace", 2.5);
  record.flush();
}

TEST(Readers, ZarrPythonAndXarrayReadWhatWasWritten) {
  test::TemporaryDirectory const directory;
  write_training_record(directory / "RUN.zarr");
  write_scan_record(directory / "SCAN.zarr");
  ZarrGroup::create(directory / "EMPTY.zarr", {{"brink_version", "0.1.0"}});
  int const status = test::readers_status("written", directory.path());
  if (status == test::without_readers) {
    GTEST_SKIP() << "needs a Python with zarr and xarray; name it in BRINK_PYTHON";
  }
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace brink
