#pragma once
/// The guest settings as a file that people may edit.

#include <filesystem>
#include <string>

#include "client-core/core/guest/settings.h"
#include "shared/util/result.h"

namespace gleaner {

namespace control {
class Wishes;
}

/// TOML with a sentence about each setting.
[[nodiscard]] std::string settings_to_toml(const guest::Settings& settings);
/// What is not named stays as in `base`. Errors name `origin`, line and setting: data_corrupt,
/// invalid_argument.
[[nodiscard]] Result<guest::Settings> settings_from_toml(const std::string& toml,
                                                         const std::string& origin,
                                                         guest::Settings base = {});

/// Errors: not_found when there is no file; those of settings_from_toml; io_failed.
[[nodiscard]] Result<guest::Settings> load_settings(const std::filesystem::path& file);
/// Replaces the file. Errors: disk_full, io_failed.
[[nodiscard]] Status save_settings(const std::filesystem::path& file,
                                   const guest::Settings& settings);

[[nodiscard]] control::Wishes to_wishes(const guest::Settings& settings);
/// Error: invalid_argument for what check() refuses, and hours that are not 21 bytes.
[[nodiscard]] Result<guest::Settings> from_wishes(const control::Wishes& wishes);

}  // namespace gleaner
