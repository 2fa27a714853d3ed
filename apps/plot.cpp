#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "apps/commands.hpp"
#include "kernels/error.hpp"

namespace brink {
namespace {

namespace fs = std::filesystem;

/// The plotting package: beside the program where it is installed, else where it was built from.
fs::path plot_directory() {
  fs::path const installed =
      fs::read_symlink("/proc/self/exe").parent_path().parent_path() / "share" / "brink" / "plot";
  return fs::exists(installed) ? installed : fs::path(BRINK_PLOT_SOURCE);
}

/// The Python that can draw, as the finder beside the package prints it (it may make one first).
std::string python(fs::path const& directory) {
  std::string const command = fmt::format("'{}'", (directory / "python").string());
  FILE* const pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) throw MachineError("cannot start a shell to find Python");
  std::string path;
  std::array<char, 4096> text{};
  while (std::fgets(text.data(), static_cast<int>(text.size()), pipe) != nullptr)
    path += text.data();
  if (pclose(pipe) != 0) throw MachineError("no Python for plotting (see above)");
  while (!path.empty() && path.back() == '\n') path.pop_back();
  return path;
}

[[noreturn]] void become(std::vector<std::string> words) {
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  execv(arguments.front(), arguments.data());
  throw MachineError(fmt::format("cannot run {}", words.front()));
}

}  // namespace

Action add_plot(CLI::App& program) {
  CLI::App& command = *program.add_subcommand("plot", "pictures from records");
  auto const records = std::make_shared<std::vector<std::string>>();
  auto const options = std::make_shared<std::map<std::string, std::string>>();
  command
      .add_option("records", *records, "records to draw, overlaid; orbits may go with one basin")
      ->required()
      ->type_name("RECORD...");
  (*options)["--out"] = "brink.png";
  auto const add = [&](char const* name, char const* help) {
    command.add_option(name, (*options)[name], help)->capture_default_str();
  };
  add("--out", "the picture: .png, .svg or .pdf");
  add("--panels", "which panels, like loss,sharpness,progress (default: all that have data)");
  add("--labels", "names of the runs, separated by commas");
  add("--title", "of the figure");
  add("--style", "paper | screen");
  return [records, options]() -> int {
    fs::path const directory = plot_directory();
    std::vector<std::string> words{python(directory), "-m", "brink_plot"};
    words.insert(words.end(), records->begin(), records->end());
    for (auto const& [name, value] : *options) {
      if (!value.empty()) words.insert(words.end(), {name, value});
    }
    setenv("PYTHONPATH", directory.c_str(), 1);
    become(words);
  };
}

}  // namespace brink
