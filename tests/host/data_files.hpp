#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <vector>

#include "kernels/error.hpp"

namespace brink::test {

/// A fresh directory for the files of one test, removed with everything in it.
class Files {
 public:
  Files() {
    auto const* info = ::testing::UnitTest::GetInstance()->current_test_info();
    directory_ = std::filesystem::temp_directory_path() /
                 (std::string("brink-") + info->test_suite_name() + "-" + info->name() + "-" +
                  std::to_string(::getpid()));
    std::filesystem::create_directories(directory_);
  }
  ~Files() { std::filesystem::remove_all(directory_); }
  Files(Files const&) = delete;
  Files& operator=(Files const&) = delete;

  std::filesystem::path path(std::string const& name) const { return directory_ / name; }
  std::string string(std::string const& name) const { return path(name).string(); }

  /// Writes the file and returns its path.
  std::string write(std::string const& name, std::string const& content) const {
    std::ofstream(path(name), std::ios::binary) << content;
    return string(name);
  }

  std::size_t count() const {
    auto const entries = std::filesystem::directory_iterator(directory_);
    return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
  }

 private:
  std::filesystem::path directory_;
};

inline std::span<std::byte const> as_bytes(std::string const& text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

/// The message of the InputError that `call` must throw: one line.
template <class Call>
std::string input_error(Call const& call) {
  try {
    call();
  } catch (InputError const& error) {
    std::string const message = error.what();
    EXPECT_EQ(message.find('\n'), message.npos) << message;
    return message;
  }
  ADD_FAILURE() << "no InputError";
  return {};
}

/// Expects an InputError whose message contains `part`.
template <class Call>
void expect_input_error(Call const& call, std::string const& part) {
  std::string const message = input_error(call);
  EXPECT_NE(message.find(part), message.npos) << "message: " << message << "\nwanted: " << part;
}

}  // namespace brink::test
