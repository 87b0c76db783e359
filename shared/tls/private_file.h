#pragma once
/// Files that only their owner may read: keys. On Windows the folder's access list does this.

#include <string>
#include <string_view>

#include "shared/util/result.h"

namespace gleaner::tls {

/// Creates `path` with mode 0600 (O_EXCL) and writes `content`, durably. Errors: already_exists,
/// not_found (no such folder), permission_denied, disk_full, io_failed.
[[nodiscard]] Status create_private_file(const std::string& path, std::string_view content);

/// Puts `content` in the place of what `path` holds: a reader, also after a power cut, finds the
/// one or the other whole. Errors: those of create_private_file but already_exists.
[[nodiscard]] Status replace_private_file(const std::string& path, std::string_view content);

/// Reads a file of at most 64 KiB. Errors: not_found, permission_denied when its mode gives others
/// any access, too_large, io_failed.
[[nodiscard]] Result<std::string> read_private_file(const std::string& path);

}  // namespace gleaner::tls
