#pragma once

#include <string>
#include <vector>

namespace brink {

/// A number as the command line takes it: "0.05", "1e-3" or a fraction "2/30". InputError naming
/// `option` for anything else.
double parse_number(std::string const& text, std::string const& option);

/// Numbers with commas between them, each as parse_number takes it.
std::vector<double> parse_numbers(std::string const& text, std::string const& option);

/// What is wrong with a text that should be a whole number from 0 on; nothing if it is one.
std::string is_whole_number(std::string const& text);

}  // namespace brink
