/// The price book: operators publish and withdraw versions, everybody with a key sees what is in
/// force.

#include <boost/json.hpp>

#include "coordinator/api/admin/call.h"
#include "coordinator/ledger/price_book_json.h"
#include "coordinator/store/prices.h"
#include "shared/model/civil_time.h"

namespace gleaner::admin {

namespace json = boost::json;
using store::Prices;
using store::PriceVersion;
using store::Store;

namespace {

json::value time_or_null(const std::optional<WallTime>& time) {
    if (!time) return nullptr;
    return json::value(utc_text(*time));
}

json::object version_json(const PriceVersion& version, std::string_view state) {
    return {
        {"version", version.book.version},          {"state", state},
        {"from", utc_text(version.book.from)},      {"until", time_or_null(version.book.until)},
        {"published", utc_text(version.published)}, {"withdrawn", time_or_null(version.withdrawn)},
        {"book", ledger::to_json(version.book)}};
}

/// `in_force`: the version that is, 0: none.
std::string_view state_of(const PriceVersion& version, std::int64_t in_force, WallTime now) {
    if (version.withdrawn) return "withdrawn";
    if (version.book.version == in_force && in_force != 0) return "in_force";
    return version.book.from > now ? "coming" : "past";
}

Result<std::int64_t> version_in_force(Store& store, WallTime at) {
    GLEANER_TRY(const auto book, Prices(store).in_force(at));
    return book ? book->version : 0;
}

Result<json::value> shown(Store& store, const PriceVersion& version, WallTime now) {
    GLEANER_TRY(const auto current, version_in_force(store, now));
    return json::value(version_json(version, state_of(version, current, now)));
}

Answer publish_prices(AdminState& state, Call call) {
    GLEANER_CO_TRY(const auto* const members, call.body.members("book"));
    store::PriceOffer offer;
    GLEANER_CO_TRY(offer.book, ledger::read_price_book(*members));
    GLEANER_CO_TRY(const auto from, call.body.optional_text("from"));
    GLEANER_CO_TRY(const auto until, call.body.optional_text("until"));
    if (!from.empty()) {
        GLEANER_CO_TRY(offer.from, parse_time(from));
    }
    if (!until.empty()) {
        GLEANER_CO_TRY(offer.until, parse_time(until));
    }
    GLEANER_CO_TRY(const auto rehearsal, call.body.boolean("dry_run"));
    GLEANER_CO_TRY(call.body.no_more());
    const WallTime now = state.needs.clock.wall();
    StoreWork work = [&](Store& store) -> Result<json::value> {
        Prices prices(store);
        if (rehearsal) {
            GLEANER_TRY(const auto version, prices.rehearse(offer));
            return json::value(version_json(version, "not_published"));
        }
        GLEANER_TRY(const auto version, prices.publish(offer));
        return shown(store, version, now);
    };
    auto done = co_await state.needs.store.write<json::value>(std::move(work));
    if (!rehearsal) state.needs.forget_cached();
    co_return done;
}

Answer list_prices(AdminState& state, Call /*call*/) {
    const WallTime now = state.needs.clock.wall();
    StoreWork work = [now](Store& store) -> Result<json::value> {
        GLEANER_TRY(const auto versions, Prices(store).versions());
        GLEANER_TRY(const auto current, version_in_force(store, now));
        json::array data;
        for (const auto& version : versions)
            data.push_back(version_json(version, state_of(version, current, now)));
        return json::value(json::object{{"object", "list"}, {"data", std::move(data)}});
    };
    co_return co_await state.needs.store.read<json::value>(std::move(work));
}

Answer show_prices(AdminState& state, Call call) {
    WallTime at = state.needs.clock.wall();
    const WallTime now = at;
    if (const auto wanted = call.parameter("at"); !wanted.empty()) {
        GLEANER_CO_TRY(at, parse_time(wanted));
    }
    StoreWork work = [at, now](Store& store) -> Result<json::value> {
        GLEANER_TRY(const auto number, version_in_force(store, at));
        if (number == 0) {
            return Error(ErrorCode::not_found,
                         "no price book is in force then: each model has the price that it was "
                         "added with");
        }
        GLEANER_TRY(const auto version, Prices(store).version(number));
        return shown(store, version, now);
    };
    co_return co_await state.needs.store.read<json::value>(std::move(work));
}

Answer withdraw_prices(AdminState& state, Call call) {
    GLEANER_CO_TRY(call.body.no_more());
    std::int64_t number = 0;
    for (const char digit : call.captures[0].substr(0, 9)) {
        if (digit < '0' || digit > '9')
            co_return Error(ErrorCode::not_found, "a version of the price book has a number");
        number = number * 10 + (digit - '0');
    }
    const WallTime now = state.needs.clock.wall();
    StoreWork work = [number, now](Store& store) -> Result<json::value> {
        GLEANER_TRY(const auto version, Prices(store).withdraw(number));
        return shown(store, version, now);
    };
    auto done = co_await state.needs.store.write<json::value>(std::move(work));
    state.needs.forget_cached();
    co_return done;
}

}  // namespace

std::vector<AdminRoute> price_routes() {
    return {
        {api::Method::post, "/api/v1/prices", operators, publish_prices,
         "only operators publish prices"},
        {api::Method::get, "/api/v1/prices", operators, list_prices},
        {api::Method::get, "/api/v1/prices/current", operators | owners | partners | customers,
         show_prices},
        {api::Method::post, "/api/v1/prices/{id}/withdraw", operators, withdraw_prices,
         "only operators withdraw prices"},
    };
}

}  // namespace gleaner::admin
