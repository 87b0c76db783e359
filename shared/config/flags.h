#pragma once
/// The command line side of an OptionSet: one flag an option, through CLI11.

#include <optional>

#include "shared/config/option.h"

namespace CLI {
class App;
}

namespace gleaner::config {

/// Adds `--name VALUE` for each option (`--name` or `--name=false` for booleans) to the app or
/// subcommand. `values` receives what was given when the app parses; it must outlive the app.
/// Options declared later are not known to it.
void add_flags(CLI::App& app, const OptionSet& options, FlagValues& values);

/// Parses the command line. Nothing: go on. A value: the program is to exit with it, since help was
/// asked for or an error was printed (with the nearest flag for a misspelt one).
[[nodiscard]] std::optional<int> parse_command_line(CLI::App& app, int argc, char** argv);

/// This process's environment, as load_environment takes it.
[[nodiscard]] Environment process_environment();

/// The layers over the defaults, in their order: the TOML file (unless the path is empty), the
/// environment, the flags. Errors: those of the OptionSet's loaders.
[[nodiscard]] Status load_layers(OptionSet& options, const std::string& config_path,
                                 const FlagValues& flags);

}  // namespace gleaner::config
