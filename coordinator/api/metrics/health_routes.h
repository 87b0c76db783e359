#pragma once
/// /healthz (the process lives), /readyz (it can serve), /metrics (Prometheus).

#include <functional>

#include "coordinator/api/openai/services.h"

namespace gleaner::api {

class DiskRoom;
class Router;
class Server;

/// `server`: asked when /metrics is read; may be null until there is one. All must outlive the
/// router. `stopping`: /readyz says 503 while true.
void add_health_routes(Router& router, const Services& services, DiskRoom& disk,
                       std::function<const Server*()> server, std::function<bool()> stopping);

}  // namespace gleaner::api
