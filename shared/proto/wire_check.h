#pragma once
/// Decoding and checking of everything that crosses the wire: every field of every message has
/// bounds, and what breaks one is refused whole. Pure; both ends use it on what they receive.
/// Unknown fields are ignored, so that an older side understands a newer one.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "shared/util/result.h"

namespace gleaner::wire {

class ToCoordinator;
class ToNode;
class EnrolRequest;
class EnrolResponse;
class ChunkList;

/// The protocol version this build speaks, in Hello and EnrolRequest.
inline constexpr std::uint32_t protocol_version = 1;
/// The WebSocket subprotocol of that version.
inline constexpr std::string_view subprotocol = "gleaner.v1";

inline constexpr std::size_t message_bytes_max = 8u << 20;
inline constexpr std::size_t enrolment_bytes_max = 64u << 10;
inline constexpr std::size_t chunk_list_bytes_max = 16u << 20;
/// One item's request or reply.
inline constexpr std::size_t item_bytes_max = 4u << 20;
inline constexpr int items_per_message_max = 4'096;
inline constexpr int devices_max = 64;
inline constexpr std::uint32_t device_watts_max = 10'000;
inline constexpr int held_max = 4'096;
inline constexpr int artefacts_max = 4'096;
inline constexpr int windows_max = 256;
inline constexpr std::size_t signed_report_bytes_max = 256u << 10;
/// Of a node's own money.
inline constexpr int money_days_max = 400;
/// The days of the grid that a node's estimate rests on.
inline constexpr int grid_days_max = 7;

/// Decode and check. Errors: invalid_argument that names the field, too_large.
/// Hello.protocol may be any version: the gateway answers that in words.
[[nodiscard]] Status decode(std::string_view bytes, ToCoordinator& message);
[[nodiscard]] Status decode(std::string_view bytes, ToNode& message);
[[nodiscard]] Status decode(std::string_view bytes, EnrolRequest& message);
[[nodiscard]] Status decode(std::string_view bytes, EnrolResponse& message);
[[nodiscard]] Status decode(std::string_view bytes, ChunkList& message);

/// Check only, for what is about to be sent.
[[nodiscard]] Status check(const ToCoordinator& message);
[[nodiscard]] Status check(const ToNode& message);
[[nodiscard]] Status check(const EnrolRequest& message);
[[nodiscard]] Status check(const EnrolResponse& message);
[[nodiscard]] Status check(const ChunkList& message);

}  // namespace gleaner::wire
