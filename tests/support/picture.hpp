#pragma once

#include <png.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <vector>

#include "host/record/png.hpp"
#include "kernels/error.hpp"
#include "kernels/view.hpp"

namespace brink::test {

using Rgb = std::array<std::uint8_t, 3>;

inline Rgb rgb(Colour const& colour) {
  return {colour.red, colour.green, colour.blue};
}

/// A PNG file as libpng reads it.
struct Picture {
  Index width, height;
  bool has_palette;
  std::vector<Rgb> pixels;  ///< row by row, the top one first

  Rgb at(Index row, Index col) const { return pixels.at(row * width + col); }
};

inline Picture read_picture(std::filesystem::path const& path) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  if (png_image_begin_read_from_file(&image, path.c_str()) == 0) throw MachineError(image.message);
  Picture picture{image.width, image.height, (image.format & PNG_FORMAT_FLAG_COLORMAP) != 0, {}};
  image.format = PNG_FORMAT_RGB;
  picture.pixels.resize(static_cast<std::size_t>(picture.width * picture.height));
  if (png_image_finish_read(&image, nullptr, picture.pixels.data(), 0, nullptr) == 0) {
    throw MachineError(image.message);
  }
  return picture;
}

}  // namespace brink::test
