#include "coordinator/openai/receipt.h"

#include <boost/json.hpp>
#include <doctest/doctest.h>

using namespace gleaner;
using namespace gleaner::openai;
namespace json = boost::json;

namespace {

Receipt some() {
    Receipt receipt;
    receipt.request = RequestId{"req_1"};
    receipt.created = WallTime{1'700'000'000'900'000};
    receipt.endpoint = "/v1/chat/completions";
    receipt.model = "demo";
    receipt.model_sha256 = Sha256{std::string(64, 'a')};
    receipt.quantisation = "Q4_K_M";
    receipt.privacy = PrivacyClass::own;
    receipt.seed = 7;
    receipt.parts = {{"cpu", 10, 6, 3, Money{20}}, {"gpu", 11, 0, 4, Money{30}}};
    receipt.price_book = 3;
    receipt.time_band = "night";
    receipt.currency = Currency::usd;
    receipt.attempts = 2;
    receipt.verified = true;
    return receipt;
}

}  // namespace

TEST_CASE("a receipt tells how an answer was made, and sums its parts") {
    const auto text = json::parse(to_json(some()));
    const json::value expected{{"request_id", "req_1"},
                               {"created", 1'700'000'000},
                               {"endpoint", "/v1/chat/completions"},
                               {"model", "demo"},
                               {"model_sha256", std::string(64, 'a')},
                               {"quantisation", "Q4_K_M"},
                               {"privacy", "own"},
                               {"reservation", nullptr},
                               {"seed", 7},
                               {"prompt_tokens", 21},
                               {"cached_tokens", 6},
                               {"generated_tokens", 7},
                               {"parts",
                                {{{"device_class", "cpu"},
                                  {"prompt_tokens", 10},
                                  {"cached_tokens", 6},
                                  {"generated_tokens", 3},
                                  {"price_micros", 20}},
                                 {{"device_class", "gpu"},
                                  {"prompt_tokens", 11},
                                  {"cached_tokens", 0},
                                  {"generated_tokens", 4},
                                  {"price_micros", 30}}}},
                               {"attempts", 2},
                               {"verified", true},
                               {"price_micros", 50},
                               {"currency", "USD"},
                               {"price_book", 3},
                               {"time_band", "night"}};
    CHECK(text == expected);
}

TEST_CASE("a batch's line names its batch; embeddings have no seed") {
    auto receipt = some();
    receipt.batch = JobId{"batch_1"};
    receipt.seed.reset();
    receipt.reservation = "ctr_1";
    const auto text = json::parse(to_json(receipt)).as_object();
    CHECK(text.at("reservation") == "ctr_1");
    CHECK(text.at("batch_id") == "batch_1");
    CHECK_FALSE(text.contains("seed"));
}

TEST_CASE("a receipt of a model's own price names no price book and no band") {
    auto receipt = some();
    receipt.price_book = 0;
    receipt.time_band.clear();
    const auto text = json::parse(to_json(receipt)).as_object();
    CHECK(text.at("price_book").is_null());
    CHECK(text.at("time_band").is_null());
}
