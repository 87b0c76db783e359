/// gleaner-probe: runs inside the sandbox and tries to get out. Prints one line of JSON:
/// {"attempts":{"<name>":"refused"|"ESCAPED",…},"details":{"<name>":"…"}}. Its only argument is a
/// JSON object of the facts in attempts.h. Statically linked: it needs nothing of the host.

#include <cstdio>

// Boost.JSON within this program: a static program cannot load the shared library.
#include <boost/json/src.hpp>

#include "client-core/platform/probe/attempts.h"

namespace {

namespace json = boost::json;
using gleaner::probe::Attempts;
using gleaner::probe::HostFacts;

std::vector<std::string> words(const json::value& list) {
    return json::value_to<std::vector<std::string>>(list);
}

HostFacts parse_facts(const char* text) {
    const json::object facts = json::parse(text).as_object();
    HostFacts host;
    host.loopback_port = json::value_to<int>(facts.at("loopback_port"));
    host.abstract_socket = json::value_to<std::string>(facts.at("abstract_socket"));
    host.victim_pid = json::value_to<int>(facts.at("victim_pid"));
    host.victim_start = json::value_to<std::uint64_t>(facts.at("victim_start"));
    host.canary_file = json::value_to<std::string>(facts.at("canary_file"));
    host.device_nodes = words(facts.at("device_nodes"));
    host.root_entries = words(facts.at("root_entries"));
    host.environment = words(facts.at("environment"));
    host.private_bytes_max = json::value_to<std::uint64_t>(facts.at("private_bytes_max"));
    host.address_bytes_max = json::value_to<std::uint64_t>(facts.at("address_bytes_max"));
    host.tmp_bytes = json::value_to<std::uint64_t>(facts.at("tmp_bytes"));
    host.file_bytes = json::value_to<std::uint64_t>(facts.at("file_bytes"));
    host.processes = json::value_to<std::uint32_t>(facts.at("processes"));
    host.open_files = json::value_to<std::uint32_t>(facts.at("open_files"));
    host.memfd_refused = facts.at("memfd_refused").as_bool();
    return host;
}

}  // namespace

int main(int count, char** words_given) {
    if (count != 2) {
        std::fputs("usage: gleaner-probe FACTS (the node runs it, not you)\n", stderr);
        return 2;
    }
    try {
        const HostFacts host = parse_facts(words_given[1]);
        Attempts attempts;
        gleaner::probe::attempt_network(host, attempts);
        gleaner::probe::attempt_files(host, attempts);
        gleaner::probe::attempt_devices(host, attempts);
        gleaner::probe::attempt_processes(host, attempts);
        gleaner::probe::attempt_kernel(host, attempts);
        gleaner::probe::attempt_limits(host, attempts);
        // Last: where it works, it changes what the others would see.
        gleaner::probe::attempt_privileges(host, attempts);
        json::object outcomes;
        json::object details;
        for (const auto& attempt : attempts.all()) {
            outcomes[attempt.name] = attempt.escaped ? "ESCAPED" : "refused";
            details[attempt.name] = attempt.detail;
        }
        json::object report;
        report["attempts"] = std::move(outcomes);
        report["details"] = std::move(details);
        std::puts(json::serialize(report).c_str());
        return 0;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "gleaner-probe: %s\n", e.what());
        return 2;
    }
}
