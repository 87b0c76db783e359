#include "coordinator/store/invoices.h"

#include <algorithm>
#include <map>

#include "coordinator/store/state.h"
#include "shared/model/civil_day.h"

namespace gleaner::store {

namespace {

using ledger::Buyer;
using ledger::FapiaoKind;
using ledger::Invoice;
using ledger::InvoiceLine;
using ledger::InvoiceTerms;

Buyer buyer_row(const Query& row) {
    return {{row.text("buyer_title"), row.text("buyer_taxpayer_number"), row.text("buyer_address"),
             row.text("buyer_phone"), row.text("buyer_bank"), row.text("buyer_bank_account")},
            row.text("buyer_email"),
            row.text("fapiao") == "special" ? FapiaoKind::special : FapiaoKind::general};
}

Invoice invoice_row(const Query& row) {
    Invoice invoice;
    invoice.number = row.text("number");
    invoice.refers_to = row.text("refers_to");
    invoice.customer = row.id<CustomerId>("customer");
    invoice.month = {row.integer("month")};
    invoice.currency = currency(row.text("currency"));
    invoice.issued = row.time("issued");
    invoice.issued_by = row.text("issued_by");
    invoice.buyer = buyer_row(row);
    invoice.terms.seller = {row.text("seller_title"),   row.text("seller_taxpayer_number"),
                            row.text("seller_address"), row.text("seller_phone"),
                            row.text("seller_bank"),    row.text("seller_bank_account")};
    invoice.terms.tax_rate = static_cast<std::uint32_t>(row.integer("tax_rate"));
    invoice.terms.goods_name = row.text("goods_name");
    invoice.terms.tax_class = row.text("tax_class");
    invoice.exact = row.money("exact");
    invoice.total = row.money("total");
    invoice.tax = row.money("tax");
    return invoice;
}

InvoiceLine invoice_line_row(const Query& row) {
    return {row.text("kind"),
            row.text("name"),
            row.integer("items"),
            row.integer("prompt_tokens"),
            row.integer("generated_tokens"),
            row.money("exact"),
            row.money("amount")};
}

/// With the prefix: that, too, is as it was at the issue.
Status read_lines(Store::State& state, std::vector<Invoice>& invoices) {
    for (auto& invoice : invoices) {
        invoice.terms.prefix = invoice.number.substr(0, invoice.number.find('-'));
        GLEANER_TRY(invoice.lines,
                    state.all(invoice_line_row, sql::list_invoice_lines, invoice.number));
    }
    return ok();
}

/// "2026" of the day in Shanghai.
int year_of(WallTime time) {
    return std::stoi(date_text(day_of(time)).substr(0, 4));
}

/// One customer's month in one currency.
class Issue {
public:
    Issue(Store& store, const Customer& customer, Month month, Currency currency,
          const InvoiceTerms& terms, std::string_view by)
        : store_(store),
          state_(store.state()),
          customer_(customer),
          month_(month),
          currency_(currency),
          terms_(terms),
          by_(by) {}

    Result<std::vector<Invoice>> run() {
        GLEANER_TRY(auto issued, state_.all(invoice_row, sql::list_invoices_of_month, customer_.id,
                                            code_of(currency_), month_.number));
        if (issued.empty()) {
            GLEANER_TRY(make());
            GLEANER_TRY(issued, state_.all(invoice_row, sql::list_invoices_of_month, customer_.id,
                                           code_of(currency_), month_.number));
        }
        GLEANER_TRY(read_lines(state_, issued));
        return issued;
    }

private:
    [[nodiscard]] WallTime from() const { return start_of_day(first_day(month_)); }
    [[nodiscard]] WallTime to() const { return start_of_day(first_day(month_.next())); }

    Status make() {
        GLEANER_TRY(const auto statement,
                    store_.customer_statement(customer_.id, from(), to(), currency_));
        auto own = ledger::consumption(statement);
        std::map<std::string, InvoiceLine> late;  // by the invoice that they take back a part of
        GLEANER_TRY(split_late(own, late));
        GLEANER_TRY(settle_negative(own, late));
        if (!own.empty()) {
            GLEANER_TRY(insert({}, std::move(own)));
        }
        for (auto& [number, line] : late) {
            GLEANER_TRY(insert(number, {line}));
        }
        return ok();
    }

    /// Moves what was reversed of earlier months' work out of this month's own lines. What those
    /// months have no invoice for stays: it lowers this month's.
    Status split_late(std::vector<InvoiceLine>& own, std::map<std::string, InvoiceLine>& late) {
        const auto reversals = std::ranges::find(own, "reversal", &InvoiceLine::kind);
        if (reversals == own.end()) return ok();
        struct Late {
            std::int64_t day = 0;
            std::int64_t items = 0;
            Money amount;
        };
        const auto row = [](const Query& query) {
            return Late{query.integer("day"), query.integer("items"), query.money("amount")};
        };
        GLEANER_TRY(const auto days,
                    state_.all<Late>(row, sql::list_late_reversals, customer_.id,
                                     code_of(currency_), from(), to(), first_day(month_)));
        for (const auto& [day, items, amount] : days) {
            GLEANER_TRY(const auto number, invoice_of(month_of(day)));
            if (number.empty()) continue;
            take_back(late[number], items, amount);
            reversals->items -= items;
            reversals->exact += amount;
        }
        if (reversals->exact == Money{}) own.erase(reversals);
        return ok();
    }

    /// A month in which more was given back than consumed has no invoice: the rest goes towards the
    /// latest one there is.
    Status settle_negative(std::vector<InvoiceLine>& own,
                           std::map<std::string, InvoiceLine>& late) {
        Money sum;
        for (const auto& line : own) sum += line.exact;
        if (sum >= Money{}) return ok();
        own.clear();
        Query query(*state_.database, sql::select_latest_invoice, customer_.id, code_of(currency_),
                    month_.number);
        GLEANER_TRY(auto found, query.next());
        if (found) take_back(late[query.text("number")], 1, -sum);
        return ok();
    }

    static void take_back(InvoiceLine& line, std::int64_t items, Money amount) {
        line.kind = "reversal";
        line.items += items;
        line.exact -= amount;
    }

    /// Empty when that month was never invoiced.
    Result<std::string> invoice_of(Month month) {
        Query query(*state_.database, sql::select_invoice_of_month, customer_.id,
                    code_of(currency_), month.number);
        GLEANER_TRY(auto found, query.next());
        return found ? query.text("number") : std::string();
    }

    Status insert(const std::string& refers_to, std::vector<InvoiceLine> lines) {
        Invoice invoice;
        invoice.terms = terms_;
        invoice.lines = std::move(lines);
        if (!refers_to.empty()) {
            // What is given back was taxed as the invoice says, whatever the rate is now.
            GLEANER_TRY(const auto original, Invoices(store_).invoice(refers_to));
            invoice.terms.tax_rate = original.terms.tax_rate;
            invoice.terms.goods_name = original.terms.goods_name;
            invoice.terms.tax_class = original.terms.tax_class;
        }
        ledger::settle_amounts(invoice);
        if (invoice.total == Money{}) return ok();
        GLEANER_TRY(invoice.buyer, Invoices(store_).tax(customer_.id));
        const int year = year_of(state_.clock.wall());
        const std::string series = terms_.prefix + "-" + std::to_string(year);
        GLEANER_TRY(const auto serial, next_serial(series));
        invoice.number = ledger::invoice_number(terms_.prefix, year, serial);
        std::optional<std::string_view> reference;
        if (!refers_to.empty()) reference = refers_to;
        const auto& seller = terms_.seller;
        const auto& buyer = invoice.buyer.party;
        GLEANER_TRY(state_.database->run(
            sql::insert_invoice, invoice.number, series, serial,
            std::string_view(reference ? "credit_note" : "invoice"), reference, customer_.id,
            month_.number, code_of(currency_), state_.clock.wall(), by_, invoice.exact,
            invoice.total, invoice.tax, invoice.terms.tax_rate, seller.title,
            seller.taxpayer_number, seller.address, seller.phone, seller.bank, seller.bank_account,
            buyer.title, buyer.taxpayer_number, buyer.address, buyer.phone, buyer.bank,
            buyer.bank_account, invoice.buyer.email, ledger::to_string(invoice.buyer.fapiao),
            invoice.terms.goods_name, invoice.terms.tax_class));
        std::int64_t position = 0;
        for (const auto& line : invoice.lines) {
            GLEANER_TRY(state_.database->run(sql::insert_invoice_line, invoice.number, position++,
                                             line.kind, line.name, line.items, line.prompt_tokens,
                                             line.generated_tokens, line.exact, line.amount));
        }
        return ok();
    }

    Result<std::int64_t> next_serial(const std::string& series) {
        Query query(*state_.database, sql::select_last_serial, series);
        GLEANER_TRY(auto found, query.next());
        return (found ? query.integer("serial") : 0) + 1;
    }

    Store& store_;
    Store::State& state_;
    const Customer& customer_;
    Month month_;
    Currency currency_;
    const InvoiceTerms& terms_;
    std::string_view by_;
};

Status check_terms(const InvoiceTerms& terms) {
    if (terms.seller.title.empty() || terms.seller.taxpayer_number.empty()) {
        return Error(ErrorCode::failed_precondition,
                     "invoices name their seller: set invoices.seller_title and "
                     "invoices.seller_taxpayer_number in the coordinator's configuration");
    }
    const bool plain = std::ranges::all_of(terms.prefix, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    });
    if (plain && !terms.prefix.empty() && terms.prefix.size() <= 16) return ok();
    return Error(ErrorCode::failed_precondition,
                 "invoices.prefix begins every invoice's number: set it to 1 to 16 letters or "
                 "digits");
}

}  // namespace

Status Invoices::set_tax(const CustomerId& customer, const Buyer& buyer) {
    GLEANER_TRY(ledger::check(buyer));
    Store::State& state = store_.state();
    return state.atomically([&]() -> Status {
        GLEANER_TRY(store_.customer(customer));
        const auto& party = buyer.party;
        return state.database->run(sql::put_customer_tax, customer, party.title,
                                   party.taxpayer_number, party.address, party.phone, party.bank,
                                   party.bank_account, buyer.email, ledger::to_string(buyer.fapiao),
                                   state.clock.wall());
    });
}

Result<Buyer> Invoices::tax(const CustomerId& customer) {
    Store::State& state = store_.state();
    return state.atomically([&]() -> Result<Buyer> {
        GLEANER_TRY(const auto known, store_.customer(customer));
        Query query(*state.database, sql::select_customer_tax, customer);
        GLEANER_TRY(auto found, query.next());
        if (found) return buyer_row(query);
        Buyer buyer;
        buyer.party.title = known.name;
        return buyer;
    });
}

Result<std::vector<Invoice>> Invoices::issue(const CustomerId& customer, Month month,
                                             const InvoiceTerms& terms, std::string_view by) {
    GLEANER_TRY(check_terms(terms));
    Store::State& state = store_.state();
    if (state.clock.wall() < start_of_day(first_day(month.next()))) {
        return Error(ErrorCode::failed_precondition,
                     "the month " + month_text(month) +
                         " is not over: invoices are issued from the first day of the next one");
    }
    return state.atomically([&]() -> Result<std::vector<Invoice>> {
        GLEANER_TRY(const auto known, store_.customer(customer));
        std::vector<Invoice> documents;
        for (const auto& name : currency_names) {
            GLEANER_TRY(const bool used,
                        state.exists(sql::select_account,
                                     ledger::customer_account(customer, name.currency).name));
            if (!used) continue;
            Issue issue(store_, known, month, name.currency, terms, by);
            GLEANER_TRY(auto issued, issue.run());
            std::ranges::move(issued, std::back_inserter(documents));
        }
        return documents;
    });
}

Result<Invoice> Invoices::invoice(std::string_view number) {
    Store::State& state = store_.state();
    return state.atomically([&]() -> Result<Invoice> {
        GLEANER_TRY(auto found, state.one("invoice", invoice_row, sql::select_invoice, number));
        std::vector<Invoice> one{std::move(found)};
        GLEANER_TRY(read_lines(state, one));
        return std::move(one.front());
    });
}

Result<std::vector<Invoice>> Invoices::list(const InvoiceFilter& filter, std::string_view after,
                                            std::int64_t limit) {
    Store::State& state = store_.state();
    return state.atomically([&]() -> Result<std::vector<Invoice>> {
        const std::int64_t month = filter.month ? filter.month->number : -1;
        GLEANER_TRY(auto found, state.all(invoice_row, sql::list_invoices, month, filter.customer,
                                          after, limit));
        GLEANER_TRY(read_lines(state, found));
        return found;
    });
}

}  // namespace gleaner::store
