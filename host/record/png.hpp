#pragma once

#include <array>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

namespace brink {

struct Colour {
  std::uint8_t red, green, blue;
};

/// Writes a picture of palette colours row by row, the top one first. The file appears all at once,
/// with finish(); without it nothing is left. Throws MachineError.
class PngWriter {
 public:
  PngWriter(std::filesystem::path path, std::uint32_t width, std::uint32_t height,
            std::vector<Colour> const& palette);
  ~PngWriter();
  PngWriter(PngWriter const&) = delete;
  PngWriter& operator=(PngWriter const&) = delete;

  /// `width` indices into the palette.
  void write_row(std::span<std::uint8_t const> row);
  void finish();

 private:
  struct Handles;

  std::filesystem::path path_;
  std::unique_ptr<Handles> handles_;
};

}  // namespace brink
