#pragma once
/// Files that readers find whole: the old one or the new one, never a part.

#include <filesystem>
#include <string_view>

#include "shared/util/result.h"

namespace gleaner {

/// Writes `text` beside the file and puts it in its place. Not durable: a power cut may bring the
/// old one back. Error: io_failed that names the file.
[[nodiscard]] Status replace_file(const std::filesystem::path& file, std::string_view text);

}  // namespace gleaner
