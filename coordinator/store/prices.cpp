#include "coordinator/store/prices.h"

#include <limits>

#include <boost/json.hpp>

#include "coordinator/ledger/price_book_json.h"
#include "coordinator/store/state.h"
#include "shared/model/civil_day.h"

namespace gleaner::store {

namespace json = boost::json;

namespace {

Result<PriceVersion> version_row(const Query& row) {
    json::error_code problem;
    const auto offer = json::parse(row.text("offer"), problem);
    const auto* members = offer.if_object();
    const auto* kept = members == nullptr ? nullptr : members->if_contains("book");
    if (problem || kept == nullptr || !kept->is_object())
        return Error(ErrorCode::data_corrupt, "a price book in the store cannot be read");
    GLEANER_TRY(auto book, ledger::read_price_book(kept->get_object()));
    PriceVersion version;
    version.book = std::move(book);
    version.book.version = row.integer("number");
    version.book.from = row.time("begins");
    version.book.until = row.optional_time("ends");
    version.published = row.time("published");
    version.withdrawn = row.optional_time("withdrawn");
    return version;
}

std::string content_of(const PriceOffer& offer) {
    json::object content{{"book", ledger::to_json(offer.book)}};
    if (offer.from) content["from"] = offer.from->micros;
    if (offer.until) content["until"] = offer.until->micros;
    return json::serialize(content);
}

Result<std::vector<ledger::Validity>> validities(Store::State& state) {
    std::vector<ledger::Validity> found;
    Query query(*state.database, sql::list_price_validities);
    for (;;) {
        GLEANER_TRY(auto more, query.next());
        if (!more) return found;
        found.push_back(
            {query.integer("number"), query.time("begins"), query.optional_time("ends")});
    }
}

/// Of what is charged for storage: the key that makes it once.
Status charge_project(Store& store, const Project& project, std::int64_t day,
                      const ledger::PriceBook& book) {
    const auto prices = book.currencies.find(project.currency);
    if (prices == book.currencies.end() || prices->second.storage == Money{}) return ok();
    auto& state = store.state();
    return state.atomically([&]() -> Status {
        auto& journal = state.journal;
        GLEANER_TRY(const auto customer,
                    journal.account(ledger::customer_account(project.customer, project.currency)));
        const std::string key = "storage:" + project.id.get() + ":" + date_text(day);
        GLEANER_TRY(const auto posted, journal.posted(key, customer));
        if (posted) return ok();
        Query query(*state.database, sql::select_stored_bytes_before, project.id,
                    start_of_day(day + 1));
        GLEANER_TRY(query.next());
        const Month month = month_of(day);
        const auto price = ledger::storage_day_price(prices->second.storage, query.integer("bytes"),
                                                     first_day(month.next()) - first_day(month));
        if (price == Money{}) return ok();
        GLEANER_TRY(const auto platform,
                    journal.account(ledger::platform_account(project.currency)));
        const Line lines[] = {{customer, -price}, {platform, price}};
        return journal.post(ledger::EntryKind::storage, key, lines);
    });
}

}  // namespace

Result<std::optional<PriceVersion>> Prices::same(const PriceOffer& offer,
                                                 const std::string& content) {
    auto& state = store_.state();
    Query query(*state.database, sql::select_price_book_by_offer, content);
    GLEANER_TRY(const auto found, query.next());
    if (!found) return std::optional<PriceVersion>();
    GLEANER_TRY(auto version, version_row(query));
    if (!offer.from) {
        GLEANER_TRY(const auto current, in_force(state.clock.wall()));
        if (!current || current->version != version.book.version)
            return std::optional<PriceVersion>();
    }
    return std::optional<PriceVersion>(std::move(version));
}

Result<PriceVersion> Prices::rehearse(const PriceOffer& offer) {
    GLEANER_TRY(ledger::check(offer.book));
    GLEANER_TRY(auto known, same(offer, content_of(offer)));
    if (known) return std::move(*known);
    auto& state = store_.state();
    const WallTime now = state.clock.wall();
    PriceVersion version;
    version.book = offer.book;
    version.book.version = 0;
    version.book.from = offer.from.value_or(now);
    version.book.until = offer.until;
    version.published = now;
    GLEANER_TRY(const auto others, validities(state));
    GLEANER_TRY(ledger::check_validity({0, version.book.from, version.book.until}, others, now));
    return version;
}

Result<PriceVersion> Prices::publish(const PriceOffer& offer) {
    auto& state = store_.state();
    return state.atomically([&]() -> Result<PriceVersion> {
        GLEANER_TRY(auto rehearsed, rehearse(offer));
        if (rehearsed.book.version != 0) return rehearsed;
        const std::string content = content_of(offer);
        GLEANER_TRY(state.database->run(sql::insert_price_book, rehearsed.book.from,
                                        rehearsed.book.until, content, rehearsed.published));
        return version(state.database->last_row());
    });
}

Result<std::vector<PriceVersion>> Prices::versions() {
    std::vector<PriceVersion> found;
    Query query(*store_.state().database, sql::list_price_books);
    for (;;) {
        GLEANER_TRY(auto more, query.next());
        if (!more) return found;
        GLEANER_TRY(auto version, version_row(query));
        found.push_back(std::move(version));
    }
}

Result<PriceVersion> Prices::version(std::int64_t number) {
    Query query(*store_.state().database, sql::select_price_book, number);
    GLEANER_TRY(const auto found, query.next());
    if (!found) {
        return Error(ErrorCode::not_found,
                     "there is no version " + std::to_string(number) + " of the price book");
    }
    return version_row(query);
}

Result<std::optional<ledger::PriceBook>> Prices::in_force(WallTime at) {
    Query query(*store_.state().database, sql::select_price_book_in_force, at);
    GLEANER_TRY(const auto found, query.next());
    if (!found) return std::optional<ledger::PriceBook>();
    GLEANER_TRY(auto version, version_row(query));
    return std::optional<ledger::PriceBook>(std::move(version.book));
}

Result<std::optional<WallTime>> Prices::next_change(WallTime at) {
    Query query(*store_.state().database, sql::select_next_price_change, at);
    GLEANER_TRY(query.next());
    const auto next = query.time("at");
    if (next.micros == std::numeric_limits<std::int64_t>::max()) return std::optional<WallTime>();
    return std::optional<WallTime>(next);
}

Result<PriceVersion> Prices::withdraw(std::int64_t number) {
    auto& state = store_.state();
    return state.atomically([&]() -> Result<PriceVersion> {
        GLEANER_TRY(auto known, version(number));
        if (known.withdrawn) return known;
        const WallTime now = state.clock.wall();
        if (known.book.from <= now) {
            return Error(ErrorCode::failed_precondition,
                         "version " + std::to_string(number) + " is in force since " +
                             local_time_text(known.book.from) +
                             ": it cannot be withdrawn; publish another version instead");
        }
        GLEANER_TRY(state.database->run(sql::withdraw_price_book, number, now));
        known.withdrawn = now;
        return known;
    });
}

Status charge_storage(Store& store, std::int64_t day) {
    auto& state = store.state();
    const WallTime end = start_of_day(day + 1);
    if (end > state.clock.wall()) {
        return Error(ErrorCode::failed_precondition,
                     "storage of " + date_text(day) + " is charged when that day is over");
    }
    GLEANER_TRY(const auto book, Prices(store).in_force(end - std::chrono::microseconds(1)));
    if (!book) return ok();
    ProjectId last;
    for (;;) {
        {
            Query query(*state.database, sql::select_next_storing_project, last);
            GLEANER_TRY(const auto found, query.next());
            if (!found) return ok();
            last = query.id<ProjectId>("project");
        }
        GLEANER_TRY(const auto project, store.project(last));
        GLEANER_TRY(charge_project(store, project, day, *book));
    }
}

}  // namespace gleaner::store
