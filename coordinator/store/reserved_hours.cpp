/// Reserved machines' time: added up by hour, billed when the hour is over, credited when a month's
/// promise was missed.

#include <algorithm>

#include <boost/json.hpp>

#include "coordinator/store/contract_rows.h"
#include "shared/util/log.h"

namespace gleaner::store {

namespace json = boost::json;

namespace {

__extension__ using Wide = __int128;

WallTime start_of_hour(std::int64_t hour) {
    return WallTime{hour * micros_of_hour};
}

struct HourUse {
    NodeId node;
    SiteId site;
    OwnerId owner;
    std::int64_t device_micros = 0;
    std::int64_t reference_micros = 0;
};

HourUse use_row(const Query& row) {
    return {row.id<NodeId>("node"), row.id<SiteId>("site"), row.id<OwnerId>("owner"),
            row.integer("device_micros"), row.integer("reference_micros")};
}

/// Device time promised in the hour: of the part in which the contract held and was funded. One
/// that was signed after its first hour had begun holds from then on.
std::int64_t promised_in(const CustomerContract& contract, std::int64_t hour,
                         std::int64_t unfunded) {
    const WallTime from = std::max(
        {start_of_hour(hour), contract.wish.from, contract.signed_at.value_or(WallTime{})});
    WallTime to = start_of_hour(hour + 1);
    if (contract.ends) to = std::min(to, *contract.ends);
    const std::int64_t held = std::max<std::int64_t>((to - from).count() - unfunded, 0);
    return held * contract.wish.reserved->devices;
}

class HourBilling {
public:
    HourBilling(Store& store, const CustomerContract& contract)
        : store_(store), state_(store.state()), contract_(contract) {}

    Status bill(std::int64_t hour) {
        GLEANER_TRY(const auto uses,
                    state_.all(use_row, sql::list_reserved_use, contract_.id, hour));
        GLEANER_TRY(const auto unfunded, this->unfunded(hour));
        const std::int64_t promised = promised_in(contract_, hour, unfunded);
        std::vector<Acceptance> bills;
        std::int64_t delivered = 0;
        Money charged;
        // A machine with more devices than were asked for gives the surplus away.
        for (const auto& use : uses) {
            const std::int64_t counted = std::min(use.device_micros, promised - delivered);
            if (counted <= 0) break;
            delivered += counted;
            if (bills.empty() || std::ssize(bills.back().meters) == meters_per_entry)
                bills.push_back(next_bill(hour, bills.size()));
            bills.back().meters.push_back(record(hour, use, counted, bills.back()));
            charged += bills.back().meters.back().price;
        }
        for (auto& bill : bills) bill.receipt_json = receipt(hour, bill);
        GLEANER_TRY(store_.accept(bills));
        GLEANER_TRY(state_.database->run(sql::put_reserved_hour, contract_.id, hour, promised,
                                         delivered, charged));
        return state_.database->run(sql::forget_reserved_use, contract_.id, hour);
    }

private:
    Result<std::int64_t> unfunded(std::int64_t hour) {
        Query query(*state_.database, sql::select_unfunded, contract_.id, hour);
        GLEANER_TRY(const auto found, query.next());
        return found ? query.integer("unfunded") : 0;
    }

    [[nodiscard]] Acceptance next_bill(std::int64_t hour, std::size_t number) const {
        Acceptance bill;
        bill.outcome.request = RequestId{"req_" + contract_.id + "_" + std::to_string(hour) + "_" +
                                         std::to_string(number)};
        return bill;
    }

    [[nodiscard]] MeterRecord record(std::int64_t hour, const HourUse& use, std::int64_t counted,
                                     const Acceptance& bill) const {
        MeterRecord meter;
        meter.attempt_key = "r:" + contract_.id + ":" + std::to_string(hour) + ":" + use.node.get();
        meter.request = bill.outcome.request;
        meter.project = contract_.wish.project;
        meter.customer = contract_.customer;
        meter.node = use.node;
        meter.site = use.site;
        meter.owner = use.owner;
        meter.device_class = contract_.wish.reserved->device_class;
        meter.model_sha256 = Sha256{std::string(ledger::reserved_work)};
        meter.device_micros = counted;
        meter.reference_micros = static_cast<std::int64_t>(
            Wide{use.reference_micros} * counted / std::max<std::int64_t>(use.device_micros, 1));
        const WallTime at = std::max(start_of_hour(hour), contract_.wish.from);
        const Money hour_price = contract_.price_at(at).at(at);
        meter.price = {static_cast<std::int64_t>(
            (Wide{hour_price.micros} * counted + micros_of_hour / 2) / micros_of_hour)};
        meter.at = at;
        return meter;
    }

    [[nodiscard]] std::string receipt(std::int64_t hour, const Acceptance& bill) const {
        const auto& price = contract_.price_at(start_of_hour(hour));
        Money total;
        std::int64_t micros = 0;
        for (const auto& meter : bill.meters) {
            total += meter.price;
            micros += meter.device_micros;
        }
        return json::serialize(
            json::object{{"id", bill.outcome.request.get()},
                         {"object", "gleaner.reserved_hour"},
                         {"contract", contract_.id},
                         {"from", start_of_hour(hour).micros / 1'000'000},
                         {"device_class", contract_.wish.reserved->device_class},
                         {"devices", bill.meters.size()},
                         {"device_seconds", static_cast<double>(micros) / 1e6},
                         {"price_per_hour", to_decimal(price.at(start_of_hour(hour)))},
                         {"price_book", price.hour.version},
                         {"currency", code_of(contract_.currency)},
                         {"price", to_decimal(total)}});
    }

    Store& store_;
    Store::State& state_;
    const CustomerContract& contract_;
};

}  // namespace

Status CustomerContracts::add_delivered(
    const std::vector<DeliveredTime>& delivered,
    const std::vector<std::pair<std::string, std::int64_t>>& unfunded, std::int64_t hour) {
    auto& state = store_.state();
    return state.atomically([&]() -> Status {
        for (const auto& time : delivered) {
            GLEANER_TRY(state.database->run(sql::add_reserved_use, time.contract, time.hour,
                                            time.node, time.site, time.owner, time.device_micros,
                                            time.reference_micros));
        }
        for (const auto& [contract, micros] : unfunded) {
            GLEANER_TRY(state.database->run(sql::add_unfunded, contract, hour, micros));
        }
        return ok();
    });
}

Status CustomerContracts::bill_hours() {
    auto& state = store_.state();
    return state.atomically([&]() -> Status {
        GLEANER_TRY(const auto live, customer_contracts(state, sql::list_live_customer_contracts));
        // Each by itself: one that cannot be billed keeps no owner from the others' pay.
        for (const auto& contract : live) {
            GLEANER_TRY(store_.begin());
            const auto billed = bill(contract);
            if (billed.has_value()) {
                GLEANER_TRY(store_.commit());
                continue;
            }
            store_.rollback();
            spdlog::error("event=reserved_hours_not_billed contract={} why=\"{}\"", contract.id,
                          billed.error().message());
        }
        return ok();
    });
}

Status CustomerContracts::bill(const CustomerContract& contract) {
    if (!contract.wish.reserved) return ok();  // a commitment is settled with the month
    auto& state = store_.state();
    std::int64_t end = state.clock.wall().micros / micros_of_hour;
    if (contract.ends)
        end = std::min(end, (contract.ends->micros + micros_of_hour - 1) / micros_of_hour);
    GLEANER_TRY(const auto billed, billed_until(contract.id));
    std::int64_t until = billed;
    HourBilling billing(store_, contract);
    for (; until < end; ++until) {
        GLEANER_TRY(billing.bill(until));
    }
    if (until > billed) {
        GLEANER_TRY(state.database->run(sql::note_billed_until, contract.id, until));
    }
    const bool over = contract.ends && until * micros_of_hour >= contract.ends->micros;
    return over ? close(contract) : ok();
}

Status CustomerContracts::close(const CustomerContract& contract) {
    GLEANER_TRY(return_deposit(contract));
    return store_.state().database->run(sql::settle_customer_contract, contract.id);
}

Result<std::int64_t> CustomerContracts::billed_until(const std::string& id) {
    Query query(*store_.state().database, sql::select_customer_contract, id);
    GLEANER_TRY(const auto found, query.next());
    return found ? query.integer("billed_until") : 0;
}

Result<AvailabilityReport> CustomerContracts::availability(const std::string& id, Month month) {
    auto& state = store_.state();
    return state.atomically([&]() -> Result<AvailabilityReport> {
        GLEANER_TRY(read(id));
        AvailabilityReport report;
        Query query(*state.database, sql::sum_reserved_hours, id,
                    start_of_day(first_day(month)).micros / micros_of_hour,
                    start_of_day(first_day(month.next())).micros / micros_of_hour);
        GLEANER_TRY(query.next());
        report.delivered = {query.integer("promised"), query.integer("delivered")};
        report.charged = query.money("charged");
        report.credit = ledger::availability_credit(report.delivered, report.charged);
        GLEANER_TRY(const auto posted,
                    state.journal.posted("availability:" + id + ":" + month_text(month), {}));
        report.credited = posted.has_value();
        return report;
    });
}

namespace {

Status credit_availability(Store& store, const CustomerContract& contract, Month month) {
    auto& state = store.state();
    GLEANER_TRY(const auto report, CustomerContracts(store).availability(contract.id, month));
    if (report.credited) return ok();
    return state.journal.transfer(
        ledger::EntryKind::credit, "availability:" + contract.id + ":" + month_text(month),
        ledger::platform_account(contract.currency),
        ledger::customer_account(contract.customer, contract.currency), report.credit);
}

/// What was bought of the month's commitment less than agreed.
Status charge_shortfall(Store& store, const CustomerContract& contract, Month month) {
    auto& state = store.state();
    const std::int64_t first = first_day(month);
    const std::int64_t next = first_day(month.next());
    const std::int64_t from = std::max(first, day_of(contract.wish.from));
    std::int64_t to = next;
    if (contract.ends) to = std::min(to, day_of(*contract.ends));
    if (to <= from) return ok();
    const std::string key = "shortfall:" + contract.id + ":" + month_text(month);
    GLEANER_TRY(const auto posted, state.journal.posted(key, {}));
    if (posted) return ok();
    Query query(*state.database, sql::sum_spent_of_project, contract.customer,
                contract.wish.project, from, to);
    GLEANER_TRY(query.next());
    auto terms = contract.terms;
    terms.monthly = contract.price_at(start_of_day(to) - Duration{1}).monthly;
    const Money due =
        ledger::shortfall(terms, query.money("micros"), static_cast<std::int32_t>(to - from),
                          static_cast<std::int32_t>(next - first));
    return state.journal.transfer(ledger::EntryKind::fee, key,
                                  ledger::customer_account(contract.customer, contract.currency),
                                  ledger::platform_account(contract.currency), due);
}

}  // namespace

Status settle_contracts(Store& store, std::int64_t day) {
    const Month month = month_of(day);
    if (day + 1 != first_day(month.next())) return ok();
    auto& state = store.state();
    return state.atomically([&]() -> Status {
        GLEANER_TRY(CustomerContracts(store).bill_hours());
        GLEANER_TRY(state.flush());
        GLEANER_TRY(const auto contracts,
                    customer_contracts(state, sql::list_contracts_of_month,
                                       start_of_day(first_day(month)), start_of_day(day + 1)));
        for (const auto& contract : contracts) {
            if (contract.wish.reserved) {
                GLEANER_TRY(credit_availability(store, contract, month));
            } else {
                GLEANER_TRY(charge_shortfall(store, contract, month));
                if (contract.ends && *contract.ends <= start_of_day(day + 1)) {
                    GLEANER_TRY(CustomerContracts(store).close(contract));
                }
            }
        }
        return ok();
    });
}

}  // namespace gleaner::store
