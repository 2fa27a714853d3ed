#include <fmt/format.h>

#include <charconv>

#include "apps/commands.hpp"
#include "apps/number.hpp"
#include "host/data/split.hpp"
#include "host/objective/loss_name.hpp"
#include "kernels/error.hpp"

namespace brink {
namespace {

/// "200,200" as widths; "" and "none" mean no hidden layer.
std::vector<Index> parse_widths(std::string const& text) {
  std::vector<Index> widths;
  if (text.empty() || text == "none") return widths;
  for (std::string const& part : split(text, ',')) {
    Index width = 0;
    char const* const end = part.data() + part.size();
    auto const [stop, error] = std::from_chars(part.data(), end, width);
    if (error != std::errc{} || stop != end || width < 1 || width > 1'000'000) {
      throw InputError(fmt::format(
          "--hidden '{}': widths are whole numbers from 1 to 1000000, like 200,200, or none",
          text));
    }
    widths.push_back(width);
  }
  return widths;
}

}  // namespace

ProblemOptions ProblemArguments::options() const {
  ProblemOptions options;
  options.data.source = data;
  if (examples != 0) options.data.examples = examples;
  if (!standardize.empty()) options.data.standardize = parse_standardize(standardize);
  options.hidden = parse_widths(hidden);
  options.activation = parse_activation(activation);
  options.loss = parse_loss(loss);
  options.initialization = initialization;
  options.seed = seed;
  options.precision = parse_precision(precision);
  options.tf32 = tf32;
  options.device = device;
  options.threads = threads;
  return options;
}

std::shared_ptr<ProblemArguments> add_problem_options(CLI::App& command) {
  auto const arguments = std::make_shared<ProblemArguments>();
  ProblemArguments& a = *arguments;
  auto const add = [&](char const* name, auto& value, char const* help, char const* type) {
    command.add_option(name, value, help)->type_name(type)->capture_default_str();
  };
  add("--data", a.data,
      "synthetic[:examples=2000,features=256,classes=10,test=500,seed=0,modes=4,scale=9,decay=1.3,"
      "separation=0.3] | cifar10:DIR | idx:IMAGES,LABELS[,IMAGES,LABELS of a test set] | "
      "npy:X.npy,Y.npy[,X.npy,Y.npy of a test set]",
      "SOURCE");
  add("--examples", a.examples, "keep the first N training examples (0: all)", "N");
  add("--standardize", a.standardize,
      "pixel | channel | none (default: pixel for images, none for npy and synthetic)", "HOW");
  add("--hidden", a.hidden, "widths of the hidden layers, or none", "W,W,...");
  add("--activation", a.activation, "tanh | relu | gelu | elu | softplus | hardtanh | identity",
      "NAME");
  add("--loss", a.loss, "cross-entropy | mse", "NAME");
  add("--init", a.initialization,
      "default (PyTorch's for Linear) | xavier | npy:THETA.npy (PyTorch's parameters_to_vector)",
      "HOW");
  command.add_option("--seed", a.seed, "of the initialisation, minibatches and probes")
      ->type_name("S")
      ->check(is_whole_number)  // else -1 would wrap around
      ->capture_default_str();
  add("--precision", a.precision, "float32 | float64", "NAME");
  command.add_flag("--tf32", a.tf32,
                   "float32 on a cuda device: large products in gradients and Hessian-vector "
                   "products may round their factors to TF32; losses stay float32");
  add("--device", a.device, "auto | cpu | cuda | cuda:N", "NAME");
  add("--threads", a.threads, "CPU threads (0: one per core)", "N");
  return arguments;
}

}  // namespace brink
