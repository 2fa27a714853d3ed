#include "host/record/png.hpp"

#include <png.h>

#include <cerrno>
#include <csetjmp>
#include <new>
#include <system_error>
#include <utility>

#include "host/data/atomic_file.hpp"

namespace brink {

struct PngWriter::Handles {
  std::FILE* file = nullptr;
  png_structp png = nullptr;
  png_infop info = nullptr;
  std::filesystem::path site;  ///< where the picture is built; empty once it has its name

  ~Handles() {
    if (png != nullptr) png_destroy_write_struct(&png, &info);
    if (file != nullptr) std::fclose(file);
    std::error_code ignored;
    if (!site.empty()) std::filesystem::remove(site, ignored);
  }
};

namespace {

constexpr int compression = 4;  // flat regions need no more

// libpng reports an error by a long jump to where its caller last said it was. So each of these
// does nothing else that an exception or a destructor would have to undo, and says whether it went
// well.

bool begin(png_structp png, png_infop info, std::FILE* file, std::uint32_t width,
           std::uint32_t height, png_color const* palette, int colours) {
  if (setjmp(png_jmpbuf(png)) != 0) return false;
  png_init_io(png, file);
  png_set_user_limits(png, 0x7fffffff, 0x7fffffff);
  png_set_compression_level(png, compression);
  png_set_IHDR(png, info, width, height, 8, PNG_COLOR_TYPE_PALETTE, PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_set_PLTE(png, info, palette, colours);
  png_write_info(png, info);
  return true;
}

bool put_row(png_structp png, std::uint8_t const* row) {
  if (setjmp(png_jmpbuf(png)) != 0) return false;
  png_write_row(png, row);
  return true;
}

bool end(png_structp png, png_infop info) {
  if (setjmp(png_jmpbuf(png)) != 0) return false;
  png_write_end(png, info);
  return true;
}

void stay_silent(png_structp, png_const_charp) {}
[[noreturn]] void jump(png_structp png, png_const_charp) {
  png_longjmp(png, 1);
}

}  // namespace

PngWriter::PngWriter(std::filesystem::path path, std::uint32_t width, std::uint32_t height,
                     std::vector<Colour> const& palette)
    : path_(std::move(path)), handles_(std::make_unique<Handles>()) {
  remove_orphaned_siblings(path_);
  Handles& h = *handles_;
  h.site = temporary_name(path_);
  h.file = std::fopen(h.site.c_str(), "wb");
  if (h.file == nullptr) throw_machine_error("create", path_, errno);
  h.png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, jump, stay_silent);
  h.info = h.png != nullptr ? png_create_info_struct(h.png) : nullptr;
  if (h.info == nullptr) throw std::bad_alloc();
  std::vector<png_color> colours;
  for (auto const& [red, green, blue] : palette) colours.push_back({red, green, blue});
  if (!begin(h.png, h.info, h.file, width, height, colours.data(),
             static_cast<int>(colours.size()))) {
    throw_machine_error("write", path_, errno);
  }
}

PngWriter::~PngWriter() = default;

void PngWriter::write_row(std::span<std::uint8_t const> row) {
  if (!put_row(handles_->png, row.data())) throw_machine_error("write", path_, errno);
}

void PngWriter::finish() {
  Handles& h = *handles_;
  bool const written = end(h.png, h.info) && std::fclose(std::exchange(h.file, nullptr)) == 0;
  if (!written) throw_machine_error("write", path_, errno);
  std::error_code error;
  std::filesystem::rename(h.site, path_, error);
  if (error) throw_machine_error("create", path_, error.value());
  h.site.clear();
}

}  // namespace brink
