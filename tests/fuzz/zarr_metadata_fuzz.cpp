#include <cstddef>
#include <cstdint>
#include <string_view>

#include "host/record/json_text.hpp"
#include "host/record/metadata.hpp"
#include "kernels/error.hpp"

/// Any text either is refused in one line or describes a group that is read back the same.
extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::string_view const text(reinterpret_cast<char const*>(data), size);
  brink::GroupMetadata group;
  try {
    group = brink::parse_group_metadata(text, "fuzz");
  } catch (brink::InputError const& error) {
    if (std::string_view(error.what()).find('\n') != std::string_view::npos) __builtin_trap();
    return 0;
  }
  auto const written = brink::json_text(brink::consolidated(metadata_documents(group)));
  auto const again = brink::parse_group_metadata(written, "again");
  if (brink::json_text(brink::consolidated(metadata_documents(again))) != written) __builtin_trap();
  return 0;
}
