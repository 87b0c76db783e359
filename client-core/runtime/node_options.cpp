#include "client-core/runtime/node_options.h"

namespace gleaner {

config::OptionSet declare_node_options(NodeOptions& o) {
    constexpr std::uint64_t most_bytes = 1ull << 50;
    config::OptionSet set("GLEANER_");
    set.text(
        {.name = "coordinator",
         .sentence = "Host and port of the coordinator's node gateway; empty: the one that this "
                     "node has joined, else localhost:7443."},
        o.coordinator);
    set.text({.name = "token",
              .sentence = "Enrolment token of this machine's site; needed for the first start and "
                          "on machines that forget their disk.",
              .secret = true},
             o.token);
    set.text({.name = "token_file", .sentence = "File that holds the token, if it is not given."},
             o.token_file);
    set.text({.name = "data_dir",
              .sentence = "Folder for identity, models and engines; empty: chosen by the user."},
             o.data_dir);
    set.integer(
        {.name = "instance",
         .sentence = "Tells several nodes on one machine apart; each needs its own data_dir.",
         .unit = "number"},
        o.instance, 0, 1'000);
    set.list({.name = "devices",
              .sentence = "Devices that may work: all, or identifiers such as cpu, cuda0 and "
                          "vulkan1."},
             o.devices);
    set.integer({.name = "slots",
                 .sentence = "Most requests that a model answers at the same time; 0: as the "
                             "coordinator wishes.",
                 .unit = "requests"},
                o.slots, 0, 256);
    set.integer({.name = "threads",
                 .sentence = "CPU threads of an engine; 0: all physical cores but one.",
                 .unit = "threads"},
                o.threads, 0, 512);
    set.bytes({.name = "memory_limit",
               .sentence = "Main memory that models on the CPU may use; 0: three quarters of it."},
              o.memory_limit_bytes, 0, most_bytes);
    set.bytes({.name = "disk_quota", .sentence = "Disk space for models and engines."},
              o.disk_quota_bytes, 1u << 20, most_bytes);
    set.bytes(
        {.name = "disk_keep_free", .sentence = "Disk space that stays free whatever happens."},
        o.disk_keep_free_bytes, 0, most_bytes);
    set.text(
        {.name = "shared_models",
         .sentence = "Folder of models on a disk that machines share, such as a café server's: "
                     "files named by their SHA-256, as in another node's cache/models. It is "
                     "only read, and each model verified; empty: none."},
        o.shared_models);
    set.duration({.name = "shutdown_grace",
                  .sentence = "Running requests may finish for so long when the program ends."},
                 o.shutdown_grace, 0s, 10min);
    set.boolean(
        {.name = "idle_priority", .sentence = "Engines run only when nobody else wants the CPU."},
        o.idle_priority);
    set.boolean({.name = "lan_sharing",
                 .sentence = "Take models from other nodes of the site, and serve them to these."},
                o.lan_sharing);
    set.choice({.name = "policy",
                .sentence = "guest: work only while nobody uses the machine, as its settings say; "
                            "dedicated: the machine is there for Gleaner."},
               o.policy, {"guest", "dedicated"});
    set.boolean({.name = "wait_to_join",
                 .sentence = "Without an identity or a token, wait for the tray app or gleanerctl "
                             "to join a site instead of ending."},
                o.wait_to_join);
    set.text(
        {.name = "control_socket",
         .sentence = "Socket for the tray app and gleanerctl; empty: /run/gleaner/control.sock "
                     "for root's node, else control.sock in data_dir."},
        o.control_socket);
    set.boolean({.name = "benchmark",
                 .sentence = "Measure each model once with llama-bench before its first work."},
                o.benchmark);
    set.choice({.name = "log_level", .sentence = "Least important level that is logged."},
               o.log_level, {"trace", "debug", "info", "warn", "error", "off"});
    set.text({.name = "bwrap", .sentence = "Path of bubblewrap, which builds the sandbox."},
             o.bwrap);
    set.text({.name = "probe",
              .sentence = "Path of gleaner-probe, which tries to escape from the sandbox; empty: "
                          "beside this program."},
             o.probe);
    return set;
}

std::filesystem::path default_data_dir(const config::Environment& environment, bool root) {
    if (root) return "/var/lib/gleaner-node";
    std::string home = ".";
    for (const auto& [name, value] : environment) {
        if (name == "XDG_DATA_HOME" && !value.empty()) {
            return std::filesystem::path(value) / "gleaner-node";
        }
        if (name == "HOME") home = value;
    }
    return std::filesystem::path(home) / ".local/share/gleaner-node";
}

}  // namespace gleaner
