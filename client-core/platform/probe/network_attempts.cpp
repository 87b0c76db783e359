#include <arpa/inet.h>
#include <array>
#include <cstring>
#include <fstream>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "client-core/platform/probe/attempts.h"

namespace gleaner::probe {

namespace {

struct Family {
    const char* name;
    int domain;
    int type;
};

constexpr std::array families = {
    Family{"network_inet_stream", AF_INET, SOCK_STREAM},
    Family{"network_inet_datagram", AF_INET, SOCK_DGRAM},
    Family{"network_inet_raw", AF_INET, SOCK_RAW},
    Family{"network_inet6_stream", AF_INET6, SOCK_STREAM},
    Family{"network_netlink", AF_NETLINK, SOCK_RAW},
    Family{"network_packet", AF_PACKET, SOCK_RAW},
    Family{"network_vsock", AF_VSOCK, SOCK_STREAM},
    Family{"network_bluetooth", AF_BLUETOOTH, SOCK_RAW},
    Family{"network_alg", AF_ALG, SOCK_SEQPACKET},
};

void attempt_loopback(const HostFacts& host, Attempts& attempts) {
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(host.loopback_port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    attempts.record_failure(
        "network_host_loopback",
        fd < 0 ? -1 : connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address));
    if (fd >= 0) close(fd);
}

void attempt_abstract_socket(const HostFacts& host, Attempts& attempts) {
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::size_t size = host.abstract_socket.copy(address.sun_path + 1, 100);
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + size);
    attempts.record_failure(
        "network_host_abstract_socket",
        fd < 0 ? -1 : connect(fd, reinterpret_cast<const sockaddr*>(&address), length));
    if (fd >= 0) close(fd);
}

void attempt_named_socket(const char* path, const char* name, Attempts& attempts) {
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    attempts.record_failure(
        name,
        fd < 0 ? -1 : connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address));
    if (fd >= 0) close(fd);
}

void look_for_interfaces(Attempts& attempts) {
    std::ifstream in("/proc/net/dev");
    std::string line;
    std::string found;
    while (std::getline(in, line)) {
        const auto colon = line.find(':');
        const auto start = line.find_first_not_of(' ');
        if (colon == std::string::npos || start >= colon) continue;
        const std::string name = line.substr(start, colon - start);
        if (name != "lo") found += " " + name;
    }
    attempts.record("network_interfaces", !found.empty(),
                    found.empty() ? "only lo" : "seen:" + found);
}

}  // namespace

void attempt_network(const HostFacts& host, Attempts& attempts) {
    for (const Family& family : families) {
        const int fd = socket(family.domain, family.type, 0);
        attempts.record_call(family.name, fd);
        if (fd >= 0) close(fd);
    }
    attempt_loopback(host, attempts);
    attempt_abstract_socket(host, attempts);
    attempt_named_socket("/run/dbus/system_bus_socket", "network_system_bus", attempts);
    attempt_named_socket("/run/docker.sock", "network_docker", attempts);
    attempt_named_socket("/tmp/.X11-unix/X0", "network_display", attempts);
    look_for_interfaces(attempts);
}

}  // namespace gleaner::probe
