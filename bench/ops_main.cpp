// brink_ops_bench: every operation of kernels/ by itself. Takes Google Benchmark's options, and
// --device and --threads.
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "bench/operation.hpp"
#include "kernels/error.hpp"

namespace brink::bench {
namespace {

std::unique_ptr<Context> chosen_context;

}  // namespace

Context& context() {
  return *chosen_context;
}

}  // namespace brink::bench

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  CLI::App program("Times every operation; see also --help of Google Benchmark", "brink_ops_bench");
  std::string device = "auto";
  int threads = 0;
  program.add_option("--device", device, "auto | cpu | cuda | cuda:N")->capture_default_str();
  program.add_option("--threads", threads, "CPU threads (0: one per core)")->capture_default_str();
  try {
    program.parse(argc, argv);
    brink::bench::chosen_context = brink::make_context(device, threads);
    benchmark::AddCustomContext("brink", brink::bench::context().description());
    benchmark::RunSpecifiedBenchmarks();
  } catch (CLI::ParseError const& error) {
    return program.exit(error);
  } catch (brink::InputError const& error) {
    fmt::print(stderr, "brink_ops_bench: {}\n", error.what());
    return 2;
  }
}
