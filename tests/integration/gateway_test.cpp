// The gateway's door: enrolment, artefacts, and everybody who should not get in. Real TLS over
// loopback.
#include <fstream>

#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>

#include "shared/tls/tls_failure.h"
#include "tests/integration/gateway_world.h"

using namespace gleaner;
using namespace gleaner::testing;

namespace {

bool contains(const std::string& text, const char* part) {
    return text.find(part) != std::string::npos;
}

/// Reads until the gateway closes; what it said.
template <class Stream>
std::string read_all(Stream& stream) {
    std::string said;
    boost::system::error_code error;
    asio::read(stream, asio::dynamic_buffer(said), error);
    return said;
}

}  // namespace

TEST_CASE("a machine enrols within 50 ms and keeps its identity when it enrols again") {
    GatewayWorld world;
    Machine machine(world, 100);
    const auto first = machine.enrol();
    CHECK(first.site_id() == world.site.get());
    CHECK_FALSE(first.known_hardware());
    CHECK(first.authority_pem() == world.authority.certificate_pem());
    CHECK(first.release_public_key() == fake_sha256(5));
    CHECK(first.renew_after_s() == 16 * 3'600);

    auto stream = machine.connect();
    const auto body = machine.enrolment().SerializeAsString();
    const auto start = std::chrono::steady_clock::now();
    const auto again = machine.request(*stream, http::verb::post, "/node/v1/enrol", body);
    const auto took = std::chrono::steady_clock::now() - start;
    wire::EnrolResponse second;
    REQUIRE(second.ParseFromString(again.body()));
    CHECK(second.known_hardware());
    CHECK(second.node_id() == first.node_id());
    // The target is 50 ms; a loaded machine must not make this test fail.
    WARN(took < std::chrono::milliseconds(50));
    CHECK(took < std::chrono::seconds(1));
}

TEST_CASE("a wrong token is refused in words, and many of them are slowed down") {
    GatewayWorld world;
    Machine machine(world);
    const auto wrong = machine.enrolment("gt_wrong");
    const auto refused = machine.enrol(wrong);
    CHECK(refused.result_int() == 401);
    CHECK(contains(message_of(refused), "token"));
    Response last;
    for (int i = 0; i < 25 && last.result_int() != 429; ++i) last = machine.enrol(wrong);
    CHECK(last.result_int() == 429);
    CHECK(last.count(http::field::retry_after) == 1);
    // Not even the right one helps until the time is up.
    CHECK(machine.enrol(machine.enrolment()).result_int() == 429);
}

TEST_CASE("enrolment requests that are malformed, too large or of another version are refused") {
    GatewayWorld world;
    Machine machine(world);
    auto stream = machine.connect();
    const auto post = [&](std::string body) {
        return machine.request(*stream, http::verb::post, "/node/v1/enrol", std::move(body));
    };
    CHECK(post("\xff\xff").result_int() == 400);
    auto request = machine.enrolment();
    request.set_protocol(7);
    const auto newer = post(request.SerializeAsString());
    CHECK(newer.result_int() == 426);
    CHECK(contains(message_of(newer), "upgrade the coordinator"));
    request = machine.enrolment();
    request.set_csr_pem("no request");
    CHECK(post(request.SerializeAsString()).result_int() == 400);
    CHECK(post(std::string(100'000, 'x')).result_int() == 413);
    CHECK(world.counters().enrolments == 0);
}

TEST_CASE("whoever speaks plain HTTP is told what this port is") {
    GatewayWorld world;
    Machine machine(world);
    auto socket = machine.dial();
    asio::write(*socket, asio::buffer(std::string("GET / HTTP/1.1\r\nHost: x\r\n\r\n")));
    const auto said = read_all(*socket);
    CHECK(contains(said, "400"));
    CHECK(contains(said, "TLS 1.3"));
}

TEST_CASE("a TLS 1.2 client gets an alert, and its error says so") {
    GatewayWorld world;
    Machine machine(world);
    asio::ssl::context old(asio::ssl::context::tlsv12_client);
    Machine::Stream stream(std::move(*machine.dial()), old);
    boost::system::error_code error;
    stream.handshake(asio::ssl::stream_base::client, error);
    const auto failure = tls::tls_error(error, stream.native_handle());
    CHECK(contains(failure.message(), "share no TLS version"));
}

TEST_CASE("without ALPN, and on unknown paths, the gateway says who it is for") {
    GatewayWorld world;
    Machine machine(world);
    asio::ssl::context plain(asio::ssl::context::tls_client);
    Machine::Stream stream(std::move(*machine.dial()), plain);
    stream.handshake(asio::ssl::stream_base::client);
    const auto refused = machine.request(stream, http::verb::get, "/");
    CHECK(refused.result_int() == 426);
    CHECK(contains(message_of(refused), "ALPN"));
    (void)machine.enrol();
    auto good = machine.connect();
    CHECK(machine.request(*good, http::verb::get, "/other").result_int() == 404);
}

TEST_CASE("an expired certificate and one of another authority do not get through") {
    GatewayWorld world;
    Machine machine(world);
    const auto granted = machine.enrol();
    const auto request = machine.key.signing_request("x").value();
    const NodeId node(granted.node_id());
    const auto foreign = tls::Authority::create("foreign", world.clock).value();
    const auto failure_with = [&](const std::string& certificate) {
        machine.certificate = certificate;
        // With TLS 1.3 the client learns the server's verdict at its first read.
        auto stream = machine.connect();
        boost::system::error_code error;
        char byte = 0;
        stream->read_some(asio::buffer(&byte, 1), error);
        return tls::tls_error(error, stream->native_handle()).message();
    };
    CHECK(contains(
        failure_with(world.authority.issue_node(request, node, world.site, -10s).value().pem),
        "our certificate has expired"));
    CHECK(contains(failure_with(foreign.issue_node(request, node, world.site, 1h).value().pem),
                   "another coordinator"));
    CHECK(world.counters().handshakes_failed == 2);
}

TEST_CASE("slow clients are dropped at every stage while others are served") {
    GatewayWorld world([](auto& options) {
        options.handshake_limit = 300ms;
        options.request_limit = 300ms;
    });
    Machine machine(world);
    auto silent = machine.dial();
    auto partial = machine.dial();
    asio::write(*partial, asio::buffer("\x16\x03\x01", 3));
    auto header = machine.connect();
    asio::write(*header, asio::buffer(std::string("POST /node/v1/enrol HTTP/1.1\r\nHo")));
    (void)machine.enrol();
    CHECK(read_all(*silent).empty());
    CHECK(read_all(*partial).empty());
    CHECK(read_all(*header).empty());
    CHECK(world.counters().timeouts == 3);
    CHECK(eventually([&] { return world.counters().connections == 0; }));
}

TEST_CASE("when all places for handshakes are taken by idlers, they make room") {
    GatewayWorld world([](auto& options) { options.handshakes_max = 4; });
    Machine machine(world);
    std::vector<std::unique_ptr<tcp::socket>> idlers;
    for (int i = 0; i < 8; ++i) idlers.push_back(machine.dial());
    const auto start = std::chrono::steady_clock::now();
    (void)machine.enrol();
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(9));
}

TEST_CASE("artefacts come in ranges and with chunk hashes, to enrolled nodes only") {
    GatewayWorld world;
    std::string content(5'000'000, '\0');
    for (std::size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>(i * 7 + i / 99);
    const auto id = hash_bytes(std::string_view(content));
    const auto path = world.blobs->artefact_path(id);
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << content;
    const auto target = "/node/v1/artefacts/" + id.get();

    Machine machine(world);
    auto stranger = machine.connect();
    CHECK(machine.request(*stranger, http::verb::get, target).result_int() == 401);
    (void)machine.enrol();
    auto stream = machine.connect();
    CHECK(machine.request(*stream, http::verb::get, target).body() == content);
    const auto part =
        machine.request(*stream, http::verb::get, target, {}, "bytes=4194304-4999999");
    CHECK(part.result_int() == 206);
    CHECK(part.body() == content.substr(4'194'304));
    CHECK(part[http::field::content_range] == "bytes 4194304-4999999/5000000");
    CHECK(machine.request(*stream, http::verb::get, target, {}, "bytes=9999999-").result_int() ==
          416);
    wire::ChunkList chunks;
    REQUIRE(chunks.ParseFromString(
        machine.request(*stream, http::verb::get, target + "/chunks").body()));
    CHECK(chunks.size_bytes() == content.size());
    CHECK(chunks.chunk_sha256_size() == 2);
    const auto missing = "/node/v1/artefacts/" + fake_sha256(12345);
    CHECK(machine.request(*stream, http::verb::get, missing).result_int() == 404);
    // One that rots on the coordinator's disk is refused for good, in words, before it is sent.
    const auto rotten = hash_bytes(std::string_view("as it was"));
    std::ofstream(world.blobs->artefact_path(rotten), std::ios::binary) << "as it is";
    const auto refused =
        machine.request(*stream, http::verb::get, "/node/v1/artefacts/" + rotten.get() + "/chunks");
    CHECK(refused.result_int() == 410);
    wire::ErrorReply why;
    REQUIRE(why.ParseFromString(refused.body()));
    CHECK(why.code() == "data_corrupt");
    CHECK(why.message().find("damaged: add it again") != std::string::npos);
    const auto escape =
        machine.request(*stream, http::verb::get, "/node/v1/artefacts/../gleaner.db");
    CHECK(escape.result_int() == 400);
}

TEST_CASE("a port in use is a clear error") {
    GatewayWorld world;
    auto options = world.default_options();
    options.port = world.door->port();
    const auto second = world.open(options);
    REQUIRE(second.has_error());
    CHECK(second.error().code() == ErrorCode::failed_precondition);
    CHECK(contains(second.error().message(), "another program uses this port"));
    options.address = "nowhere";
    CHECK(world.open(options).error().code() == ErrorCode::invalid_argument);
}
