/// Aim: one declaration gives file, environment, flags and help, layered in that order, and a wrong
/// value anywhere is refused with a message that names the place and what is allowed.

#include "shared/config/option.h"

#include <doctest/doctest.h>

#include "shared/config/value_text.h"

namespace gleaner::config {
namespace {

struct Settings {
    std::string coordinator = "localhost:7443";
    std::string log_level = "info";
    std::vector<std::string> devices{"cpu", "cuda0"};
    bool idle_priority = true;
    std::uint32_t slots = 4;
    double share = 0.5;
    Duration grace = 5s;
    std::uint64_t disk_quota = 20ull << 30;
    std::string token = "glt_hidden";
    std::string certificate;
};

OptionSet declare(Settings& s) {
    OptionSet options("GLEANER_");
    options.text({.name = "coordinator", .sentence = "Host and port."}, s.coordinator);
    options.choice({.name = "log_level", .sentence = "Least level logged."}, s.log_level,
                   {"debug", "info", "warn"});
    options.list({.name = "devices", .sentence = "Devices to use."}, s.devices);
    options.boolean({.name = "idle_priority", .sentence = "Only idle time."}, s.idle_priority);
    options.integer({.name = "slots", .sentence = "At once.", .unit = "slots"}, s.slots, 1, 256);
    options.number({.name = "share", .sentence = "A share."}, s.share, 0, 1);
    options.duration({.name = "drain_grace", .sentence = "Wait."}, s.grace, 0s, 10min);
    options.bytes({.name = "disk_quota", .sentence = "Disk."}, s.disk_quota, 1, 1ull << 50);
    options.text({.name = "token", .sentence = "Token.", .secret = true}, s.token);
    options.text({.name = "tls.certificate", .sentence = "File."}, s.certificate);
    return options;
}

std::string message_of(const Status& status) {
    REQUIRE_FALSE(status);
    return status.error().message();
}

TEST_CASE("flags override the environment, which overrides the file, which overrides defaults") {
    Settings s;
    OptionSet options = declare(s);
    REQUIRE(options.load_toml("slots = 8\nshare = 1\nlog_level = 'debug'\n[tls]\ncertificate='c'",
                              "node.toml"));
    CHECK(s.slots == 8);
    CHECK(s.share == 1.0);
    CHECK(s.certificate == "c");
    CHECK(s.coordinator == "localhost:7443");
    REQUIRE(options.load_environment({{"GLEANER_SLOTS", "16"},
                                      {"GLEANER_TLS_CERTIFICATE", "d"},
                                      {"GLEANER_DEVICES", "cpu, cuda1"},
                                      {"PATH", "/bin"}}));
    CHECK(s.slots == 16);
    CHECK(s.certificate == "d");
    CHECK(s.devices == std::vector<std::string>{"cpu", "cuda1"});
    REQUIRE(options.load_flags({{"slots", "32"}, {"idle_priority", "false"}}));
    CHECK(s.slots == 32);
    CHECK_FALSE(s.idle_priority);
    CHECK(s.log_level == "debug");
}

TEST_CASE("an unknown key is refused with file, line and the nearest name") {
    Settings s;
    OptionSet options = declare(s);
    const auto text = message_of(options.load_toml("slots = 1\ndisk_qouta = '1GiB'", "node.toml"));
    CHECK(text == "node.toml:2: unknown key \"disk_qouta\": did you mean \"disk_quota\"?");
    const auto far = message_of(options.load_toml("zzzzzzzzzzz = 1", "node.toml"));
    CHECK(far == "node.toml:1: unknown key \"zzzzzzzzzzz\"");
}

TEST_CASE("values of a wrong type or out of bounds are refused and say what is allowed") {
    Settings s;
    OptionSet options = declare(s);
    CHECK(message_of(options.load_toml("slots = '4'", "f")) == "f:1: slots: wants a whole number");
    CHECK(message_of(options.load_toml("slots = 0", "f")).ends_with("allowed is 1..256"));
    CHECK(message_of(options.load_toml("log_level = 'loud'", "f"))
              .ends_with("allowed is debug, info, warn"));
    CHECK(message_of(options.load_toml("drain_grace = '1h'", "f")).ends_with("0s..10m"));
    CHECK(message_of(options.load_toml("devices = [1]", "f")).ends_with("a list of strings"));
    CHECK(message_of(options.load_environment({{"GLEANER_SHARE", "2"}}))
              .starts_with("GLEANER_SHARE: "));
    CHECK(message_of(options.load_flags({{"disk_quota", "many"}})).starts_with("--disk-quota: "));
    CHECK(s.slots == 4);
}

TEST_CASE("text that is not TOML is refused with its line") {
    Settings s;
    OptionSet options = declare(s);
    const Status status = options.load_toml("slots = 1\nslots = = 2", "node.toml");
    CHECK(message_of(status).starts_with("node.toml:2: "));
    CHECK(status.error().code() == ErrorCode::data_corrupt);
}

TEST_CASE("a missing file is not_found and is named") {
    Settings s;
    OptionSet options = declare(s);
    const Status status = options.load_file("/nonexistent/node.toml");
    REQUIRE_FALSE(status);
    CHECK(status.error().code() == ErrorCode::not_found);
    CHECK(status.error().message().find("/nonexistent/node.toml") != std::string::npos);
}

TEST_CASE("a misspelt variable is refused, one of an orchestrator is left alone") {
    Settings s;
    OptionSet options = declare(s);
    CHECK(message_of(options.load_environment({{"GLEANER_SLOT", "4"}})).find("GLEANER_SLOTS") !=
          std::string::npos);
    CHECK(options.load_environment({{"GLEANER_COORDINATOR_SERVICE_PORT", "443"}}));
}

TEST_CASE("the default file names every option and reads back as the defaults") {
    Settings s;
    OptionSet options = declare(s);
    std::string file = options.default_file();
    for (const Option& option : options.options()) {
        CHECK(file.find(option.text.sentence) != std::string::npos);
    }
    CHECK(file.find("glt_hidden") == std::string::npos);
    for (std::size_t at = 0; (at = file.find("\n#", at)) != std::string::npos; ++at) {
        if (file[at + 2] != ' ') file.erase(at + 1, 1);
    }
    Settings changed;
    changed.slots = 99;
    changed.disk_quota = 1;
    OptionSet again = declare(changed);
    REQUIRE(again.load_toml(file, "default"));
    CHECK(changed.slots == 4);
    CHECK(changed.disk_quota == 20ull << 30);
    CHECK(changed.grace == Duration{5s});
}

TEST_CASE("help shows unit, bounds, default and variable, and no secret") {
    Settings s;
    OptionSet options = declare(s);
    CHECK(options.describe(options.options()[4]) ==
          "At once. [slots; 1..256; default 4; GLEANER_SLOTS]");
    CHECK(options.describe(options.options()[8]).find("glt_hidden") == std::string::npos);
    CHECK(OptionSet::flag_name("tls.certificate_file") == "tls-certificate-file");
}

TEST_CASE("durations and sizes are read with their units and written in the largest that divides") {
    CHECK(parse_duration("250ms").value() == Duration{250ms});
    CHECK(parse_duration("0").value() == Duration{0});
    CHECK_FALSE(parse_duration("30"));
    CHECK_FALSE(parse_duration("-3s"));
    CHECK_FALSE(parse_duration("99999999999999d"));
    CHECK(duration_text(90s) == "90s");
    CHECK(duration_text(120s) == "2m");
    CHECK(parse_bytes("20GiB").value() == 20ull << 30);
    CHECK(parse_bytes("10 GB").value() == 10'000'000'000ull);
    CHECK(parse_bytes("77").value() == 77);
    CHECK_FALSE(parse_bytes("1.5GiB"));
    CHECK_FALSE(parse_bytes("99999999TiB"));
    CHECK(bytes_text(512ull << 20) == "512MiB");
    CHECK(bytes_text(1000) == "1000B");
}

}  // namespace
}  // namespace gleaner::config
