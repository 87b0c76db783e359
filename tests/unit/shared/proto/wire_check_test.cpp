// Aim: no field of a message gets through out of bounds. Method: for each kind of message a good
// example, then the same with one field broken.
#include "shared/proto/wire_check.h"

#include <functional>
#include <limits>
#include <string>

#include <doctest/doctest.h>

#include "shared/proto/wire.pb.h"

using namespace gleaner;
using namespace gleaner::wire;

namespace {

const std::string sha(64, 'a');

ToCoordinator good_hello() {
    ToCoordinator message;
    auto& hello = *message.mutable_hello();
    hello.set_protocol(1);
    hello.set_software_version("0.1.0");
    hello.set_os("linux");
    hello.set_arch("x86_64");
    auto& device = *hello.add_devices();
    device.set_id("cuda0");
    device.set_kind("cuda");
    device.set_name("NVIDIA GeForce RTX 4060");
    device.set_memory_bytes(8ULL << 30);
    hello.add_cached_artefacts(sha);
    auto& lease = *hello.add_held_leases();
    lease.set_lease_id(7);
    lease.add_unfinished(3);
    return message;
}

ToCoordinator good_results() {
    ToCoordinator message;
    auto& result = *message.mutable_results()->add_results();
    result.set_lease_id(1);
    result.set_body("{}");
    result.set_generated_tokens(5);
    return message;
}

ToCoordinator good_state() {
    ToCoordinator message;
    auto& state = *message.mutable_model_state();
    state.set_sha256(sha);
    state.set_state(ModelState::READY);
    state.set_slots(8);
    return message;
}

ToCoordinator good_heartbeat() {
    ToCoordinator message;
    auto& heartbeat = *message.mutable_heartbeat();
    heartbeat.set_gpu_percent(100);
    auto& power = *heartbeat.add_power();
    power.set_device("cuda0");
    power.set_watts(device_watts_max);
    return message;
}

ToNode good_lease() {
    ToNode message;
    auto& lease = *message.mutable_lease();
    lease.set_lease_id(1);
    lease.set_model_sha256(sha);
    lease.set_deadline_ms(60'000);
    for (const std::uint32_t index : {4u, 2u}) {
        auto& item = *lease.add_items();
        item.set_index(index);
        item.set_endpoint(CHAT_COMPLETIONS);
        item.set_body("{}");
    }
    return message;
}

ToCoordinator good_report() {
    ToCoordinator message;
    message.mutable_benchmark_report()->set_signed_report("{}");
    return message;
}

ToNode good_verdict() {
    ToNode message;
    auto& verdict = *message.mutable_benchmark_verdict();
    verdict.set_report_sha256(sha);
    verdict.set_device("cuda0");
    verdict.set_verdict(BenchmarkVerdict::TOO_POOR);
    verdict.set_english("The card is slow.");
    return message;
}

ToNode good_money() {
    ToNode message;
    auto& money = *message.mutable_node_money();
    auto& device_class = *money.add_classes();
    device_class.set_name("NVIDIA GeForce RTX 4060");
    device_class.add_devices("cuda0");
    auto& grid_day = *device_class.add_days();
    grid_day.set_date("2026-11-24");
    grid_day.set_offered_seconds(86'400);
    grid_day.set_sold_seconds(3'600);
    grid_day.set_paid_micros(2'000'000);
    auto& day = *money.add_days();
    day.set_date("2026-11-25");
    day.set_pending_micros(-5);
    money.set_currency("¥");
    money.set_since("2026-10-26");
    money.set_today("2026-11-25");
    return message;
}

EnrolRequest good_enrolment() {
    EnrolRequest request;
    request.set_protocol(1);
    request.set_token("gt_0123456789abcdef");
    request.set_csr_pem("-----BEGIN CERTIFICATE REQUEST-----\n");
    request.set_hardware_fingerprint(sha);
    request.set_hostname("pc-17");
    return request;
}

template <class Message>
void refused(Message message, const std::function<void(Message&)>& breaks) {
    REQUIRE(check(message).has_value());
    breaks(message);
    const auto status = check(message);
    REQUIRE(status.has_error());
    CHECK(status.error().code() == ErrorCode::invalid_argument);
}

}  // namespace

TEST_CASE("a good message survives encoding, decoding and the check") {
    std::string bytes;
    REQUIRE(good_hello().SerializeToString(&bytes));
    ToCoordinator decoded;
    REQUIRE(decode(bytes, decoded).has_value());
    CHECK(decoded.hello().devices(0).id() == "cuda0");
}

TEST_CASE("garbage, emptiness and text that is not UTF-8 are refused") {
    ToCoordinator decoded;
    CHECK(decode("\xff\xff\xff\xff", decoded).has_error());
    CHECK(decode("", decoded).has_error());
    // Hello { os: "\xff" }
    CHECK(decode(std::string_view("\x0a\x03\x1a\x01\xff", 5), decoded).has_error());
}

TEST_CASE("a message over the size limit is too_large") {
    ToCoordinator decoded;
    const std::string bytes(message_bytes_max + 1, '\0');
    CHECK(decode(bytes, decoded).error().code() == ErrorCode::too_large);
}

TEST_CASE("hello: each field has bounds") {
    const auto with = [](const std::function<void(Hello&)>& breaks) {
        refused<ToCoordinator>(good_hello(), [&](ToCoordinator& m) { breaks(*m.mutable_hello()); });
    };
    with([](Hello& h) { h.set_software_version(std::string(65, '1')); });
    with([](Hello& h) { h.set_os("linux\n[info] forged log line"); });
    with([](Hello& h) { h.mutable_devices(0)->set_id(""); });
    with([](Hello& h) { h.mutable_devices(0)->set_id("../cuda0"); });
    with([](Hello& h) { h.mutable_devices(0)->set_name(std::string(129, 'x')); });
    with([](Hello& h) { h.mutable_devices(0)->set_memory_bytes(UINT64_MAX); });
    with([](Hello& h) {
        h.mutable_devices(0)->set_fp32_gflops(std::numeric_limits<double>::quiet_NaN());
    });
    with([](Hello& h) { h.mutable_devices(0)->set_copy_gib_per_s(-1); });
    with([](Hello& h) { *h.add_devices() = h.devices(0); });
    with([](Hello& h) { h.add_cached_artefacts(std::string(64, 'A')); });
    with([](Hello& h) { h.mutable_held_leases(0)->set_lease_id(0); });
    with([](Hello& h) {
        for (int i = 0; i <= held_max; ++i) h.add_held_streams(1);
    });
}

TEST_CASE("results: either a body or a failure, and bounded usage") {
    const auto with = [](const std::function<void(ItemResult&)>& breaks) {
        refused<ToCoordinator>(good_results(), [&](ToCoordinator& m) {
            breaks(*m.mutable_results()->mutable_results(0));
        });
    };
    with([](ItemResult& r) { r.clear_body(); });
    with([](ItemResult& r) { r.mutable_failure()->set_code(Failure::TIMED_OUT); });
    with([](ItemResult& r) { r.set_lease_id(0); });
    with([](ItemResult& r) { r.set_body(std::string(item_bytes_max + 1, 'x')); });
    with([](ItemResult& r) { r.set_generated_tokens(UINT32_MAX); });
    with([](ItemResult& r) { r.set_device_micros(UINT64_MAX); });
    with([](ItemResult& r) {
        r.clear_body();
        r.mutable_failure()->set_code(static_cast<Failure::Code>(99));
    });
    with([](ItemResult& r) {
        r.clear_body();
        r.mutable_failure()->set_code(Failure::REQUEST_REJECTED);
        r.mutable_failure()->set_http_status(7);
    });
}

TEST_CASE("a model state says why exactly when it failed") {
    refused<ToCoordinator>(good_state(), [](ToCoordinator& m) {
        m.mutable_model_state()->set_state(ModelState::FAILED);
    });
    refused<ToCoordinator>(good_state(), [](ToCoordinator& m) {
        m.mutable_model_state()->mutable_failure()->set_code(Failure::DISK_FULL);
    });
    refused<ToCoordinator>(good_state(), [](ToCoordinator& m) {
        m.mutable_model_state()->set_state(static_cast<ModelState::State>(42));
    });
    refused<ToCoordinator>(good_state(),
                           [](ToCoordinator& m) { m.mutable_model_state()->set_sha256("abc"); });
}

TEST_CASE("a heartbeat tells what real devices draw, of as many as a node may have") {
    REQUIRE(check(good_heartbeat()).has_value());
    const auto with = [](const std::function<void(Heartbeat&)>& breaks) {
        refused<ToCoordinator>(good_heartbeat(),
                               [&](ToCoordinator& m) { breaks(*m.mutable_heartbeat()); });
    };
    with([](Heartbeat& h) { h.mutable_power(0)->set_watts(device_watts_max + 1); });
    with([](Heartbeat& h) { h.mutable_power(0)->set_device(std::string(65, 'x')); });
    with([](Heartbeat& h) {
        for (int i = 0; i < devices_max; ++i) *h.add_power() = h.power(0);
    });
}

TEST_CASE("a lease names each index once and only known endpoints") {
    const auto with = [](const std::function<void(Lease&)>& breaks) {
        refused<ToNode>(good_lease(), [&](ToNode& m) { breaks(*m.mutable_lease()); });
    };
    with([](Lease& l) { l.mutable_items(0)->set_index(2); });
    with([](Lease& l) { l.mutable_items(0)->set_endpoint(ENDPOINT_UNSPECIFIED); });
    with([](Lease& l) { l.mutable_items(0)->clear_body(); });
    with([](Lease& l) { l.set_deadline_ms(0); });
    with([](Lease& l) { l.set_model_sha256(""); });
    with([](Lease& l) { l.set_lease_id(0); });
}

TEST_CASE("an enrolment request without token, fingerprint or certificate request is refused") {
    refused<EnrolRequest>(good_enrolment(), [](EnrolRequest& r) { r.clear_token(); });
    refused<EnrolRequest>(good_enrolment(), [](EnrolRequest& r) { r.set_token("a b"); });
    refused<EnrolRequest>(good_enrolment(), [](EnrolRequest& r) { r.clear_csr_pem(); });
    refused<EnrolRequest>(good_enrolment(),
                          [](EnrolRequest& r) { r.set_hardware_fingerprint("PC"); });
    refused<EnrolRequest>(good_enrolment(),
                          [](EnrolRequest& r) { r.set_hostname(std::string("a\0b", 3)); });
}

TEST_CASE("a chunk list has one hash of 32 bytes per chunk") {
    ChunkList list;
    list.set_sha256(sha);
    list.set_size_bytes(5);
    list.set_chunk_bytes(4);
    list.add_chunk_sha256(std::string(32, 'h'));
    list.add_chunk_sha256(std::string(32, 'h'));
    CHECK(check(list).has_value());
    refused<ChunkList>(list, [](ChunkList& l) { l.set_size_bytes(9); });
    refused<ChunkList>(list, [](ChunkList& l) { l.set_chunk_sha256(1, "short"); });
    refused<ChunkList>(list, [](ChunkList& l) { l.set_chunk_bytes(0); });
}

TEST_CASE("benchmark reports and their verdicts") {
    refused<ToCoordinator>(good_report(),
                           [](auto& m) { m.mutable_benchmark_report()->clear_signed_report(); });
    refused<ToCoordinator>(good_report(), [](auto& m) {
        m.mutable_benchmark_report()->set_signed_report(
            std::string(signed_report_bytes_max + 1, 'x'));
    });
    refused<ToNode>(good_verdict(),
                    [](auto& m) { m.mutable_benchmark_verdict()->set_report_sha256("short"); });
    refused<ToNode>(good_verdict(),
                    [](auto& m) { m.mutable_benchmark_verdict()->set_device("cuda\n0"); });
    refused<ToNode>(good_verdict(),
                    [](auto& m) { m.mutable_benchmark_verdict()->clear_verdict(); });
    refused<ToNode>(good_verdict(), [](auto& m) {
        m.mutable_benchmark_verdict()->set_verdict(static_cast<BenchmarkVerdict::Verdict>(77));
    });
    refused<ToNode>(good_verdict(), [](auto& m) {
        m.mutable_benchmark_verdict()->set_english(std::string(1'025, 'x'));
    });
    refused<ToNode>(good_verdict(),
                    [](auto& m) { m.mutable_benchmark_verdict()->set_chinese("\x1b[2J"); });
}

TEST_CASE("money is asked for and told within bounds") {
    ToCoordinator request;
    request.mutable_money_request()->set_days(400);
    refused<ToCoordinator>(request, [](auto& m) { m.mutable_money_request()->set_days(401); });
    refused<ToCoordinator>(request, [](auto& m) { m.mutable_money_request()->set_days(0); });
    const auto breaks = [](auto change) {
        refused<ToNode>(good_money(), [&](ToNode& m) { change(*m.mutable_node_money()); });
    };
    breaks([](NodeMoney& m) { m.mutable_days(0)->set_date("2026-1-25"); });
    breaks([](NodeMoney& m) { m.mutable_days(0)->set_pending_micros(INT64_MIN); });
    breaks([](NodeMoney& m) { m.mutable_days(0)->set_confirmed_micros(INT64_MAX); });
    breaks([](NodeMoney& m) { m.mutable_days(0)->set_sold_seconds(UINT64_MAX); });
    breaks([](NodeMoney& m) { m.set_since("2026"); });
    breaks([](NodeMoney& m) { m.clear_today(); });
    breaks([](NodeMoney& m) { m.set_currency("a long currency"); });
    breaks([](NodeMoney& m) { m.set_payout_account(std::string(129, '6')); });
    breaks([](NodeMoney& m) { m.set_payout_account("****\n6789"); });
    breaks([](NodeMoney& m) {
        for (int i = 0; i < money_days_max; ++i) *m.add_days() = m.days(0);
    });
    breaks([](NodeMoney& m) {
        for (int i = 0; i < devices_max; ++i) m.add_classes();
    });
    breaks([](NodeMoney& m) { m.mutable_classes(0)->set_name(std::string(129, 'x')); });
    breaks([](NodeMoney& m) { m.mutable_classes(0)->add_devices("cuda 0"); });
    breaks([](NodeMoney& m) {
        for (int i = 0; i < grid_days_max; ++i)
            *m.mutable_classes(0)->add_days() = m.classes(0).days(0);
    });
    const auto breaks_day = [&](auto change) {
        breaks([&](NodeMoney& m) { change(*m.mutable_classes(0)->mutable_days(0)); });
    };
    breaks_day([](NodeMoney::GridDay& day) { day.set_date("yesterday!"); });
    breaks_day([](NodeMoney::GridDay& day) { day.set_offered_seconds(UINT64_MAX); });
    breaks_day([](NodeMoney::GridDay& day) { day.set_sold_seconds(UINT64_MAX); });
    breaks_day([](NodeMoney::GridDay& day) { day.set_paid_micros(UINT64_MAX); });
}
