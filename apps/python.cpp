#include "apps/python.hpp"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "apps/launcher.hpp"
#include "kernels/error.hpp"

namespace brink {
namespace {

namespace fs = std::filesystem;

fs::path program() {
  return fs::read_symlink("/proc/self/exe");
}

/// The folder of the Python packages: beside the program where it is installed, else where it was
/// built from.
fs::path packages() {
  fs::path const installed = program().parent_path().parent_path() / "share" / "brink";
  return fs::exists(installed) ? installed : fs::path(BRINK_APPS_SOURCE);
}

/// The Python that can draw, as the finder prints it.
std::string python(fs::path const& finder) {
  std::string const command = fmt::format("'{}'", finder.string());
  FILE* const pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) throw MachineError("cannot start a shell to find Python");
  std::string path;
  std::array<char, 4096> text{};
  while (std::fgets(text.data(), static_cast<int>(text.size()), pipe) != nullptr)
    path += text.data();
  if (pclose(pipe) != 0) throw MachineError("no Python for pictures (see above)");
  while (!path.empty() && path.back() == '\n') path.pop_back();
  return path;
}

/// Python is to find brink's packages first, and the user's own afterwards.
void set_module_path(fs::path const& plot, fs::path const& recipes) {
  char const* const own = std::getenv("PYTHONPATH");
  std::string path = fmt::format("{}:{}", plot.string(), recipes.string());
  if (own != nullptr && *own != '\0') path += fmt::format(":{}", own);
  setenv("PYTHONPATH", path.c_str(), 1);
}

}  // namespace

void become_python(std::string const& module, std::vector<std::string> const& words) {
  fs::path const plot = packages() / "plot";
  fs::path const recipes = packages() / "recipes";
  // Not what happens to lie in the folder that brink is started in (Python 3.11 and later).
  setenv("PYTHONSAFEPATH", "1", 1);
  std::vector<std::string> all{python(plot / "python"), "-m", module};
  all.insert(all.end(), words.begin(), words.end());
  std::vector<char*> arguments;
  for (std::string& word : all) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  set_module_path(plot, recipes);
  setenv("BRINK_PROGRAM", program().c_str(), 1);
  hand_over_to_script();
  execv(arguments.front(), arguments.data());
  throw MachineError(fmt::format("cannot run {}", all.front()));
}

}  // namespace brink
