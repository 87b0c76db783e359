#include "coordinator/documents/statement_paper.h"

#include <algorithm>
#include <vector>

#include "coordinator/documents/amount_text.h"
#include "coordinator/documents/statement_words.h"
#include "shared/model/civil_day.h"
#include "shared/util/csv.h"

namespace gleaner::documents {

namespace {

using ledger::PartyKind;
using ledger::Statement;
using ledger::StatementLine;

/// "2026-11-01" where that is the moment, else the moment itself as the API reads it.
std::string time_argument(WallTime time) {
    const std::int64_t day = day_of(time);
    if (start_of_day(day) == time) return date_text(day);
    std::string utc = local_time_text(time - accounting_zone_offset);
    utc[10] = 'T';
    return utc + "Z";
}

/// Sums of what has the same kind, in the order in which they first appear.
std::vector<std::pair<std::string, Money>> sums_by_kind(const Statement& statement) {
    std::vector<std::pair<std::string, Money>> sums;
    for (const auto& line : statement.lines) {
        const auto same = std::ranges::find(sums, line.kind, &std::pair<std::string, Money>::first);
        if (same == sums.end()) {
            sums.emplace_back(line.kind, line.amount);
        } else {
            same->second += line.amount;
        }
    }
    return sums;
}

class StatementSetter {
public:
    StatementSetter(const Statement& statement, const StatementNote& note, Language language)
        : statement_(statement),
          note_(note),
          language_(language),
          decimals_(decimals_of(statement)) {}

    Paper set() && {
        paper_.language = language_;
        paper_.issuer = say("Gleaner", "拾穗 Gleaner");
        paper_.title = statement_title(statement_.kind, language_);
        const std::string period =
            period_text(statement_.from, statement_.to, language_ == Language::chinese);
        paper_.subject = party() + " · " + period;
        paper_.created = statement_.to;
        facts(period);
        balances();
        work();
        entries();
        paper_.notes = statement_notes(statement_, language_);
        paper_.notes.push_back(
            say("Behind every line stand meter records or journal entries: add --records to the "
                "command below. To check this document, compare the reference at its foot with: ",
                "每一行均可追溯到计量记录或总账分录：在下列命令后加 --records "
                "即可查看。核对本文件时，请将页脚的参考号与以下命令的结果比较：") +
            statement_command(statement_) + " --format json | sha256sum");
        paper_.reference = say("Reference (SHA-256): ", "参考号（SHA-256）：") + note_.sha256;
        return std::move(paper_);
    }

private:
    [[nodiscard]] std::string say(std::string_view english, std::string_view chinese) const {
        return std::string(in(language_, english, chinese));
    }
    [[nodiscard]] std::string amount(Money money) const { return amount_text(money, decimals_); }
    [[nodiscard]] std::string party() const {
        return statement_.name.empty() ? say("Platform", "平台") : statement_.name;
    }

    void facts(const std::string& period) {
        FactBox box;
        const auto name = [&]() -> std::string {
            switch (statement_.kind) {
                case PartyKind::owner:
                    return say("Owner", "机主");
                case PartyKind::partner:
                    return say("Partner", "合作伙伴");
                case PartyKind::customer:
                    return say("Customer", "客户");
                case PartyKind::platform:
                    break;
            }
            return say("Party", "主体");
        }();
        box.facts.push_back({name, party()});
        if (!statement_.id.empty()) box.facts.push_back({say("Number", "编号"), statement_.id});
        box.facts.push_back({say("Period", "期间"), period});
        box.facts.push_back({say("Currency", "币种"), currency_words(statement_.currency)});
        if (!note_.is_over)
            box.facts.push_back(
                {say("Note", "提示"), say("The period is not over: amounts will change.",
                                          "本期尚未结束，金额仍会变化。")});
        paper_.boxes.push_back(std::move(box));
    }

    void balances() {
        Table table;
        table.heading = say("Balance", "余额");
        table.columns = {{"", Align::left, 3}, {"", Align::right, 1}};
        const auto row = [&](std::string what, Money money, RowStyle style) {
            table.rows.push_back({{std::move(what), amount(money)}, style});
        };
        row(say("Opening balance", "期初余额"), statement_.opening, RowStyle::plain);
        for (const auto& [kind, sum] : sums_by_kind(statement_))
            row(kind_words(kind, statement_.kind, language_), sum, RowStyle::plain);
        row(say("Closing balance", "期末余额"), statement_.closing, RowStyle::total);
        if (statement_.kind == PartyKind::owner || statement_.kind == PartyKind::partner) {
            row(say("of it pending", "其中待确认"), statement_.pending, RowStyle::plain);
            row(say("of it confirmed", "其中已确认"), statement_.closing - statement_.pending,
                RowStyle::plain);
        }
        paper_.tables.push_back(std::move(table));
    }

    /// What a group of work has in common, and what it is headed by.
    [[nodiscard]] std::string group_of(const StatementLine& line) const {
        switch (statement_.kind) {
            case PartyKind::owner:
                return say("Site: ", "站点：") + line.site_name + " (" + line.site + ")";
            case PartyKind::partner:
                return line.subject_kind == "owner"
                           ? say("Owners whom you referred", "您推荐的机主")
                           : say("Customers whom you referred", "您推荐的客户");
            case PartyKind::customer:
                return line.date.substr(0, 7);
            case PartyKind::platform:
                break;
        }
        return {};
    }

    [[nodiscard]] std::vector<Column> work_columns() const {
        const auto answers = Column{say("Answers", "回答数"), Align::right, 11};
        const auto prompt = Column{say("Prompt tokens", "输入令牌"), Align::right, 17};
        const auto generated = Column{say("Generated tokens", "输出令牌"), Align::right, 19};
        const auto hours = Column{say("Device hours", "设备小时"), Align::right, 15};
        const auto money = Column{say("Amount", "金额"), Align::right, 18};
        switch (statement_.kind) {
            case PartyKind::owner:
                return {{say("Machine", "机器"), Align::left, 22},
                        {say("Device", "设备"), Align::left, 24},
                        answers,
                        generated,
                        hours,
                        money};
            case PartyKind::customer:
                return {{say("Day", "日期"), Align::left, 14},
                        {say("Model", "模型"), Align::left, 22},
                        answers,
                        prompt,
                        generated,
                        money};
            case PartyKind::partner:
            case PartyKind::platform:
                break;
        }
        return {{statement_.kind == PartyKind::partner ? say("Referred", "被推荐方")
                                                       : say("Model", "模型"),
                 Align::left, 30},
                answers,
                prompt,
                generated,
                hours,
                money};
    }

    [[nodiscard]] Row work_row(const StatementLine& line) const {
        const std::string answers = count_text(line.items);
        const std::string prompt = count_text(line.prompt_tokens);
        const std::string generated = count_text(line.generated_tokens);
        const std::string hours = hours_text(line.device_micros);
        const std::string money = amount(line.amount);
        switch (statement_.kind) {
            case PartyKind::owner:
                return {{line.name, line.device_class, answers, generated, hours, money},
                        RowStyle::plain};
            case PartyKind::customer:
                return {{line.date, model_words(line.name, language_), answers, prompt, generated,
                         money},
                        RowStyle::plain};
            case PartyKind::platform:
                return {
                    {model_words(line.name, language_), answers, prompt, generated, hours, money},
                    RowStyle::plain};
            case PartyKind::partner:
                break;
        }
        return {{line.name, answers, prompt, generated, hours, money}, RowStyle::plain};
    }

    void work() {
        Table table;
        table.heading = kind_words("work", statement_.kind, language_);
        table.columns = work_columns();
        std::string group;
        StatementLine sum;
        StatementLine total;
        bool grouped = false;
        const auto close_group = [&] {
            if (grouped) table.rows.push_back(sum_row(sum, RowStyle::subtotal));
            sum = {};
        };
        for (const auto& line : statement_.lines) {
            if (line.kind != "work") continue;
            const std::string its = group_of(line);
            if (!its.empty() && (!grouped || its != group)) {
                close_group();
                group = its;
                grouped = true;
                table.rows.push_back({{group}, RowStyle::group});
            }
            table.rows.push_back(work_row(line));
            add(sum, line);
            add(total, line);
        }
        if (table.rows.empty()) return;
        close_group();
        table.rows.push_back(sum_row(total, RowStyle::total));
        paper_.tables.push_back(std::move(table));
    }

    static void add(StatementLine& sum, const StatementLine& line) {
        sum.items += line.items;
        sum.prompt_tokens += line.prompt_tokens;
        sum.generated_tokens += line.generated_tokens;
        sum.device_micros += line.device_micros;
        sum.amount += line.amount;
    }

    [[nodiscard]] Row sum_row(const StatementLine& sum, RowStyle style) const {
        Row row = work_row(sum);
        row.style = style;
        row.cells.front() =
            style == RowStyle::total ? say("Total", "合计") : say("Subtotal", "小计");
        return row;
    }

    void entries() {
        Table table;
        table.heading = say("Other entries", "其他分录");
        table.columns = {{say("What", "项目"), Align::left, 60},
                         {say("Entries", "笔数"), Align::right, 14},
                         {say("Amount", "金额"), Align::right, 26}};
        Money sum;
        for (const auto& entry : statement_.lines) {
            if (entry.kind == "work") continue;
            table.rows.push_back({{kind_words(entry.kind, statement_.kind, language_),
                                   count_text(entry.items), amount(entry.amount)},
                                  RowStyle::plain});
            sum += entry.amount;
        }
        if (table.rows.empty()) return;
        table.rows.push_back({{say("Total", "合计"), "", amount(sum)}, RowStyle::total});
        paper_.tables.push_back(std::move(table));
    }

    const Statement& statement_;
    const StatementNote& note_;
    Language language_;
    int decimals_;
    Paper paper_;
};

}  // namespace

Paper statement_paper(const Statement& statement, const StatementNote& note, Language language) {
    return StatementSetter(statement, note, language).set();
}

std::string statement_command(const Statement& statement) {
    std::string command = "gleanerctl statement --" + std::string(to_string(statement.kind));
    if (!statement.id.empty()) command += " " + statement.id;
    if (statement.from.micros != 0) command += " --from " + time_argument(statement.from);
    command += " --to " + time_argument(statement.to);
    if (statement.currency != Currency::cny)
        command += " --currency " + std::string(code_of(statement.currency));
    return command;
}

std::string statement_csv(const Statement& statement, Language language) {
    std::string text;
    // Without the mark spreadsheets take Chinese for another encoding.
    if (language == Language::chinese) text = "\xef\xbb\xbf";
    CsvWriter csv(text);
    const int decimals = decimals_of(statement);
    const auto say = [language](std::string_view english, std::string_view chinese) {
        return std::string(in(language, english, chinese));
    };
    csv.row({say("kind", "类别"), say("what", "项目"), say("site", "站点编号"),
             say("site_name", "站点"), say("subject", "编号"), say("name", "名称"),
             say("device_class", "设备"), say("date", "日期"), say("items", "数量"),
             say("prompt_tokens", "输入令牌"), say("cached_tokens", "缓存令牌"),
             say("generated_tokens", "输出令牌"), say("device_seconds", "设备秒"),
             say("amount", "金额"), say("currency", "币种")});
    const std::string currency(code_of(statement.currency));
    const auto balance = [&](const std::string& kind, const std::string& what, Money amount) {
        csv.row({kind, what, "", "", "", "", "", "", "", "", "", "", "",
                 plain_amount(amount, decimals), currency});
    };
    balance("opening", say("Opening balance", "期初余额"), statement.opening);
    for (const auto& line : statement.lines) {
        csv.row({line.kind, kind_words(line.kind, statement.kind, language), line.site,
                 line.site_name, line.subject, line.name, line.device_class, line.date,
                 std::to_string(line.items), std::to_string(line.prompt_tokens),
                 std::to_string(line.cached_tokens), std::to_string(line.generated_tokens),
                 plain_amount(Money{line.device_micros}, 6), plain_amount(line.amount, decimals),
                 currency});
    }
    balance("closing", say("Closing balance", "期末余额"), statement.closing);
    return text;
}

}  // namespace gleaner::documents
