#include "host/record/verify.hpp"

#include <fmt/format.h>

#include <thread>
#include <vector>

#include "apps/commands.hpp"
#include "apps/number.hpp"
#include "apps/terminal.hpp"
#include "kernels/math/nan.hpp"

namespace brink {
namespace {

struct VerifyArguments {
  std::vector<std::string> stores;
  int threads = 0;
  bool quiet = false;
};

void report(std::string const& store, VerifyReport const& report) {
  for (Finding const& finding : report.remarks) fmt::print("{}: {}\n", finding.path, finding.what);
  fmt::print("{}: {}, {}: {} arrays, {} chunks, {}", store, report.sound() ? "sound" : "DAMAGED",
             report.finished ? "finished" : "unfinished", report.arrays, report.chunks,
             bytes_text(static_cast<double>(report.bytes)));
  if (report.to_come > 0) fmt::print("; {} chunks to come", report.to_come);
  fmt::print("\n");
}

/// Whether all are sound.
bool verify(VerifyArguments const& arguments) {
  int const threads = arguments.threads > 0
                          ? arguments.threads
                          : static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  bool all_sound = true;
  for (std::string const& store : arguments.stores) {
    ProgressLine line(arguments.quiet);
    auto const hooks = line.hooks();
    VerifyReport const found = verify_record(store, threads, [&](Index done, Index all) {
      if (hooks.interrupted()) throw Interrupted();
      hooks.progress({done, all, nan, nan, nan, "chunk"});
    });
    line.clear();
    for (Finding const& finding : found.damage) {
      fmt::print(stderr, "{}: {}\n", finding.path, finding.what);
    }
    if (!arguments.quiet) report(store, found);
    all_sound = all_sound && found.sound();
  }
  return all_sound;
}

}  // namespace

Action add_verify(CLI::App& program) {
  CLI::App& command = *program.add_subcommand(
      "verify", "whether records are as they were written, to the last byte");
  auto const arguments = std::make_shared<VerifyArguments>();
  command.add_option("store", arguments->stores, "records")->type_name("STORE")->required();
  command.add_option("--threads", arguments->threads, "0: one per core")
      ->check(is_whole_number)
      ->capture_default_str();
  command.add_flag("--quiet", arguments->quiet, "print nothing but what is damaged");
  command.footer("Exit code 0: all are sound; 1: one is damaged; 2: one is no record.");
  return [arguments] { return verify(*arguments) ? 0 : 1; };
}

}  // namespace brink
