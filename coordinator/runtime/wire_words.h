#pragma once
/// The wire's words for what the scheduler says in its own.

#include "coordinator/core/scheduler/events.h"
#include "coordinator/runtime/benchmark_verdict.h"
#include "coordinator/runtime/grid.h"
#include "shared/proto/wire.pb.h"

namespace gleaner::runtime {

[[nodiscard]] core::FailureCause cause_of(const wire::Failure& failure);
[[nodiscard]] core::ModelPhase phase_of(wire::ModelState::State state);
[[nodiscard]] wire::Endpoint wire_endpoint(Endpoint endpoint);
/// "/v1/chat/completions" → CHAT_COMPLETIONS; unspecified for other paths.
[[nodiscard]] wire::Endpoint wire_endpoint(std::string_view path);
/// The name of the devices that the engine runs on: work and reservations go by it.
[[nodiscard]] std::string device_class_of(const wire::Hello& hello,
                                          const store::EnginePackage* engine);
[[nodiscard]] std::vector<AnnouncedDevice> devices_of(const wire::Hello& hello,
                                                      const store::EnginePackage* engine);
[[nodiscard]] core::NodeJoined joined_event(const store::Node& node, const wire::Hello& hello,
                                            const store::EnginePackage* engine,
                                            const std::string& device_class);

}  // namespace gleaner::runtime
