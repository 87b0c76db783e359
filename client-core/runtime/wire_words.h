#pragma once
/// The wire's words for the work loop's, and back. Pure.

#include <string>
#include <string_view>

#include "client-core/core/work_loop/commands.h"
#include "client-core/core/work_loop/events.h"
#include "shared/util/error.h"

namespace gleaner::wire {
class Failure;
class ItemResults;
class Lease;
class LeaseReturn;
class StreamEnd;
class StreamStart;
class Capacity;
}  // namespace gleaner::wire

namespace gleaner {

[[nodiscard]] work::LeaseReceived to_event(wire::Lease&& message);
[[nodiscard]] work::StreamReceived to_event(wire::StreamStart&& message);

void to_wire(const work::Failure& failure, wire::Failure& out);
void to_wire(work::SendResults&& command, wire::ItemResults& out);
void to_wire(work::SendLeaseReturn&& command, wire::LeaseReturn& out);
void to_wire(work::SendStreamEnd&& command, wire::StreamEnd& out);
void to_wire(work::SendCapacity&& command, wire::Capacity& out);

/// A cause for the coordinator from an error of the cache, the sandbox or the engine.
[[nodiscard]] work::Failure to_failure(const Error& error);

/// At most `max` bytes of printable text: engines print what they like, the wire carries UTF-8.
/// `lines`: line breaks and tabs stay.
[[nodiscard]] std::string printable(std::string_view text, std::size_t max, bool lines);

}  // namespace gleaner
