#include "tests/support/emulated/symbol.hpp"

#include <dlfcn.h>
#include <elf.h>
#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <unordered_map>

namespace brink::emulated {

namespace {

/// The first line that a command prints.
std::string first_line(std::string const& command) {
  std::FILE* const pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return "";
  std::array<char, 4096> line{};
  bool const read = std::fgets(line.data(), line.size(), pipe) != nullptr;
  pclose(pipe);
  std::string text = read ? line.data() : "";
  return text.substr(0, text.find_first_of("\n"));
}

/// Whether addresses in the file are relative to where it is loaded.
bool is_relocatable(void const* loaded) {
  return static_cast<Elf64_Ehdr const*>(loaded)->e_type == ET_DYN;
}

std::string look_up(std::uintptr_t return_address) {
  // The call itself lies before the address to which it returns.
  std::uintptr_t const address = return_address - 1;
  Dl_info info{};
  if (dladdr(reinterpret_cast<void const*>(address), &info) == 0) {
    return fmt::format("{:#x}", address);
  }
  std::string file = info.dli_fname;
  if (!file.starts_with('/')) file = std::filesystem::read_symlink("/proc/self/exe").string();
  std::uintptr_t const place = is_relocatable(info.dli_fbase)
                                   ? address - reinterpret_cast<std::uintptr_t>(info.dli_fbase)
                                   : address;
  std::string const line =
      first_line(fmt::format("addr2line -e '{}' {:#x} 2>/dev/null", file, place));
  if (!line.empty() && !line.starts_with("??")) return line.substr(0, line.find(' '));
  return info.dli_sname != nullptr ? info.dli_sname : fmt::format("{}+{:#x}", file, place);
}

}  // namespace

std::string source_of(std::uintptr_t return_address) {
  static std::unordered_map<std::uintptr_t, std::string> known;
  auto const [found, is_new] = known.try_emplace(return_address);
  if (is_new) found->second = look_up(return_address);
  return found->second;
}

}  // namespace brink::emulated
