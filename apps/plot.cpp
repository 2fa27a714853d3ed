#include "apps/commands.hpp"
#include "apps/python.hpp"

namespace brink {

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
  return [&command, records, options]() -> int {
    std::vector<std::string> words = *records;
    for (auto const& [name, value] : *options) {
      bool const counts = !value.empty() || command.count(name) > 0;
      if (counts) words.push_back(name + "=" + value);  // in one word: it may begin with a minus
    }
    become_python("brink_plot", words);
  };
}

}  // namespace brink
