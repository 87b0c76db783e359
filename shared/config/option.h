#pragma once
/// The options of a program, each declared once: name, type, default, bounds, unit, one sentence.
/// From the declaration come the TOML file, the environment, the flags, `--help` and the default
/// file. Layers: defaults < TOML file < environment < flags. Not a store of settings: values go
/// straight into the program's own struct.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/util/clock.h"
#include "shared/util/result.h"

namespace gleaner::config {

enum class OptionKind : std::uint8_t { text, list, boolean, integer, number, duration, bytes };

/// What people read about an option.
struct OptionText {
    std::string name;      ///< "disk_quota"; a dot makes a TOML table: "tls.certificate"
    std::string sentence;  ///< one sentence, ends with a full stop
    std::string unit;      ///< "slots", "items"; durations and sizes carry their own
    bool secret = false;   ///< never printed; not written to the default file
};

struct Option {
    OptionText text;
    OptionKind kind = OptionKind::text;
    std::string bounds;        ///< for people: "1..256"
    std::string default_toml;  ///< as a TOML value
    /// Parses one value, or each element of a list, and keeps it. The message names no option.
    std::function<Status(const std::vector<std::string>& values)> set;
};

/// An environment: name → value. `nullptr`-terminated blocks are turned into it by main.
using Environment = std::vector<std::pair<std::string, std::string>>;
/// Flags in the order given: option name → text.
using FlagValues = std::vector<std::pair<std::string, std::string>>;

/// Single-threaded. The variables bound to it must outlive it. Declaring a name twice, or an option
/// without a sentence, is a bug (checked).
class OptionSet {
public:
    /// `environment_prefix` "GLEANER_" makes option `tls.certificate` read GLEANER_TLS_CERTIFICATE.
    explicit OptionSet(std::string environment_prefix)
        : environment_prefix_(std::move(environment_prefix)) {}

    // The default is the bound variable's value at the time of the declaration. Bounds are
    // inclusive.
    void text(OptionText text, std::string& target);
    /// One of `choices`.
    void choice(OptionText text, std::string& target, std::vector<std::string> choices);
    /// In the environment and in flags separated by commas.
    void list(OptionText text, std::vector<std::string>& target);
    void boolean(OptionText text, bool& target);
    void integer(OptionText text, std::int64_t& target, std::int64_t min, std::int64_t max);
    void integer(OptionText text, std::uint32_t& target, std::uint32_t min, std::uint32_t max);
    void number(OptionText text, double& target, double min, double max);
    /// Written "5ms", "30s", "10m", "24h", "90d".
    void duration(OptionText text, Duration& target, Duration min, Duration max);
    /// Written "512MiB", "20GiB", "1TiB", or plain bytes.
    void bytes(OptionText text, std::uint64_t& target, std::uint64_t min, std::uint64_t max);

    /// Applies a TOML file. Errors name file, line and option: not_found, data_corrupt (not TOML),
    /// invalid_argument (an unknown key with the nearest name, a wrong type, out of bounds).
    [[nodiscard]] Status load_file(const std::string& path);
    /// The same for a text; `origin` stands for the file in messages.
    [[nodiscard]] Status load_toml(std::string_view toml, const std::string& origin);
    /// Applies variables with the prefix. A variable that resembles an option is refused; others
    /// are left alone, since orchestrators set names of their own (GLEANER_NODE_SERVICE_PORT).
    [[nodiscard]] Status load_environment(const Environment& environment);
    [[nodiscard]] Status load_flags(const FlagValues& flags);

    [[nodiscard]] const std::vector<Option>& options() const { return options_; }
    /// "disk-quota" for "disk_quota", "tls-certificate" for "tls.certificate".
    [[nodiscard]] static std::string flag_name(const std::string& option_name);
    [[nodiscard]] std::string variable_name(const std::string& option_name) const;
    /// "Sentence. [unit; bounds; default; environment variable]": one option's line of `--help`.
    [[nodiscard]] std::string describe(const Option& option) const;
    /// A TOML file in which every option stands commented out with its default and sentence.
    [[nodiscard]] std::string default_file() const;
    /// The name in `names` that differs least from `name`, or empty when none comes near.
    [[nodiscard]] static std::string nearest(std::string_view name,
                                             const std::vector<std::string>& names);

private:
    void add(Option option);
    [[nodiscard]] const Option* find(std::string_view name) const;
    [[nodiscard]] Error unknown(std::string_view kind, const std::string& name,
                                const std::vector<std::string>& known) const;
    [[nodiscard]] std::vector<std::string> names() const;

    std::string environment_prefix_;
    std::vector<Option> options_;
};

}  // namespace gleaner::config
