#include "client-gui/views/wishes_form.h"

#include <QPlainTextEdit>
#include <QSignalBlocker>
#include <QTimeEdit>
#include <algorithm>

namespace gleaner::gui {

namespace {
constexpr std::uint64_t mib = 1u << 20;
constexpr std::uint64_t gib = 1u << 30;
constexpr qsizetype games_max = 1000;  ///< as the node's
constexpr qsizetype game_letters_max = 128;

/// A value that is shown already is being typed, perhaps: setting it would rewrite the text.
template <class Box, class Value>
void show_in(Box& box, Value value) {
    if (box.value() == value) return;
    const QSignalBlocker quiet(&box);
    box.setValue(value);
}

/// One name a line. What is more than the node takes is cut so that the node still says so, and so
/// that whatever was pasted fits into a message.
QStringList names_in(const QPlainTextEdit& edit) {
    QStringList names;
    for (const QString& line : edit.toPlainText().split('\n')) {
        const QString name = line.trimmed();
        if (!name.isEmpty()) names << name.left(game_letters_max + 1);
        if (names.size() > games_max) break;
    }
    return names;
}
}  // namespace

WishesForm::WishesForm(QWidget* parent) : QWidget(parent), body_(new QVBoxLayout(this)) {
    body_->setContentsMargins(0, 0, 0, 0);
    body_->setSpacing(14);
    add_presence();
    add_programs();
    add_limits();
    add_cafe();
}

void WishesForm::show_wishes(const Wishes& wishes) {
    wishes_ = wishes;
    for (const auto& fill : fill_) fill();
}

void WishesForm::change(const std::function<void(Wishes&)>& how) {
    how(wishes_);
    Q_EMIT edited();
}

QFormLayout& WishesForm::add_group(const QString& title) {
    auto* card = new Card(title, this);
    auto* form = new QFormLayout;
    form->setRowWrapPolicy(QFormLayout::WrapLongRows);
    form->setFieldGrowthPolicy(QFormLayout::FieldsStayAtSizeHint);
    card->body().addLayout(form);
    body_->addWidget(card);
    return *form;
}

void WishesForm::add_tick(QFormLayout& group, const QString& label, bool Wishes::*field) {
    auto* box = new QCheckBox(label, this);
    group.addRow(box);
    connect(box, &QCheckBox::toggled, this,
            [this, field](bool on) { change([=](Wishes& wishes) { wishes.*field = on; }); });
    fill_.emplace_back([this, box, field] {
        const QSignalBlocker quiet(box);
        box->setChecked(wishes_.*field);
    });
}

QSpinBox* WishesForm::add_number(QFormLayout& group, const QString& label, const Range& range,
                                 int Wishes::*field) {
    auto* spin = new QSpinBox(this);
    spin->setRange(range.low, range.high);
    spin->setSuffix(range.suffix);
    spin->setSpecialValueText(range.lowest);
    spin->setAccessibleName(label);
    group.addRow(label, spin);
    connect(spin, &QSpinBox::valueChanged, this,
            [this, field](int value) { change([=](Wishes& wishes) { wishes.*field = value; }); });
    fill_.emplace_back([this, spin, field] { show_in(*spin, wishes_.*field); });
    return spin;
}

void WishesForm::add_size(QFormLayout& group, const QString& label, const Range& range,
                          std::uint64_t unit, std::uint64_t Wishes::*field) {
    auto* spin = new QSpinBox(this);
    spin->setRange(range.low, range.high);
    spin->setSuffix(range.suffix);
    spin->setSpecialValueText(range.lowest);
    spin->setAccessibleName(label);
    group.addRow(label, spin);
    connect(spin, &QSpinBox::valueChanged, this, [this, unit, field](int value) {
        change([=](Wishes& wishes) { wishes.*field = static_cast<std::uint64_t>(value) * unit; });
    });
    fill_.emplace_back([this, spin, unit, field, high = range.high] {
        // Something that is less than one unit is not "no limit".
        const std::uint64_t units = (wishes_.*field + unit - 1) / unit;
        show_in(*spin, static_cast<int>(std::min(units, static_cast<std::uint64_t>(high))));
    });
}

template <class Choice>
void WishesForm::add_choice(QFormLayout& group, const QString& label, const QStringList& choices,
                            Choice Wishes::*field) {
    auto* box = new QComboBox(this);
    box->addItems(choices);
    box->setAccessibleName(label);
    group.addRow(label, box);
    connect(box, &QComboBox::currentIndexChanged, this, [this, field](int index) {
        change([=](Wishes& wishes) { wishes.*field = static_cast<Choice>(index); });
    });
    fill_.emplace_back([this, box, field] {
        const QSignalBlocker quiet(box);
        box->setCurrentIndex(static_cast<int>(wishes_.*field));
    });
}

void WishesForm::add_time(QFormLayout& group, const QString& label, int Wishes::*field) {
    auto* edit = new QTimeEdit(this);
    edit->setAccessibleName(label);
    group.addRow(label, edit);
    connect(edit, &QTimeEdit::timeChanged, this, [this, field](QTime time) {
        change([=](Wishes& wishes) { wishes.*field = time.hour() * 60 + time.minute(); });
    });
    fill_.emplace_back([this, edit, field] {
        const QTime time(wishes_.*field / 60, wishes_.*field % 60);
        if (edit->time() == time) return;  // as in show_in()
        const QSignalBlocker quiet(edit);
        edit->setTime(time);
    });
}

void WishesForm::add_presence() {
    QFormLayout& group = add_group(tr("While somebody is here"));
    add_choice(group, tr("While the computer is used"),
               {tr("pause"), tr("work slowly"), tr("work on")}, &Wishes::when_in_use);
    add_number(group, tr("Idle means no key or mouse for"),
               {0, 240, tr(" min", "minutes, after a number"), tr("2 seconds")},
               &Wishes::idle_minutes);
    add_tick(group, tr("Pause while a full-screen program runs"), &Wishes::pause_on_full_screen);
    add_tick(group, tr("Pause while a film plays"), &Wishes::pause_on_film);
    add_choice(group, tr("During a pause"),
               {tr("choose by itself: free the memory for games, else only stop"),
                tr("free the memory at once"), tr("only stop, and keep the model in memory")},
               &Wishes::give_back);
}

void WishesForm::add_programs() {
    QFormLayout& group = add_group(tr("Other programs"));
    add_tick(group, tr("Pause for well-known games"), &Wishes::use_game_presets);
    auto* games = new QPlainTextEdit(this);
    games->setPlaceholderText(tr("One program's file name a line, for example mygame.exe"));
    games->setTabChangesFocus(true);
    games->setFixedHeight(fontMetrics().height() * 5);
    games->setAccessibleName(tr("Further programs to pause for"));
    group.addRow(tr("Further programs to pause for"), games);
    connect(games, &QPlainTextEdit::textChanged, this, [this, games] {
        const QStringList names = names_in(*games);
        change([&](Wishes& wishes) { wishes.games = names; });
    });
    fill_.emplace_back([this, games] {
        if (names_in(*games) == wishes_.games)
            return;  // what is being typed stays under the cursor
        const QSignalBlocker quiet(games);
        games->setPlainText(wishes_.games.join('\n'));
    });
    auto* gpu =
        text_label(this, tr("Anything else that uses the graphics card pauses it too; no list "
                            "is needed for that."));
    make_quiet(*gpu);
    group.addRow(gpu);
    add_number(group, tr("Pause when others use the processor above"),
               {0, 100, QStringLiteral(" %"), tr("never")}, &Wishes::others_cpu_percent);
    add_tick(group, tr("Pause on battery"), &Wishes::pause_on_battery);
    add_tick(group, tr("Pause on a metered network"), &Wishes::pause_on_metered);
}

void WishesForm::add_limits() {
    QFormLayout& group = add_group(tr("Limits"));
    const QString chooses = tr("Gleaner chooses");
    const QString none = tr("no limit");
    const QString celsius = tr(" °C");
    add_number(group, tr("Graphics card not hotter than"), {50, 110, celsius, {}},
               &Wishes::gpu_celsius_max);
    add_number(group, tr("Processor not hotter than"), {50, 110, celsius, {}},
               &Wishes::cpu_celsius_max);
    add_number(group, tr("Power of the graphics card at most"), {30, 100, QStringLiteral(" %"), {}},
               &Wishes::gpu_power_percent);
    add_number(group, tr("Processor threads at most"), {0, 512, {}, chooses}, &Wishes::cpu_threads);
    add_size(group, tr("Memory at most"), {0, 4096, tr(" GiB"), chooses}, gib, &Wishes::memory);
    add_size(group, tr("Disk space for models at most"), {0, 65536, tr(" GiB"), chooses}, gib,
             &Wishes::disk);
    add_size(group, tr("Download at most"), {0, 10000, tr(" MiB/s"), none}, mib,
             &Wishes::down_per_s);
    add_size(group, tr("Upload at most"), {0, 10000, tr(" MiB/s"), none}, mib, &Wishes::up_per_s);
    add_size(group, tr("Traffic in a month at most"), {0, 1000000, tr(" GiB"), none}, gib,
             &Wishes::month);
    auto* price = new QDoubleSpinBox(this);
    const QString label = tr("Price of electricity, for the estimate");
    price->setRange(0, 100);
    price->setSingleStep(0.05);
    price->setSuffix(tr(" a kWh", "after the price"));
    price->setAccessibleName(label);
    group.addRow(label, price);
    connect(price, &QDoubleSpinBox::valueChanged, this, [this](double value) {
        change([=](Wishes& wishes) {
            wishes.electricity_micros_per_kwh = static_cast<std::uint32_t>(value * 1e6 + 0.5);
        });
    });
    fill_.emplace_back(
        [this, price] { show_in(*price, wishes_.electricity_micros_per_kwh / 1e6); });
}

void WishesForm::add_cafe() {
    QFormLayout& group = add_group(tr("Internet café"));
    auto* words =
        text_label(this, tr("Between these times only seats that the billing software calls "
                            "free work. The same time twice: no such hours."));
    make_quiet(*words);
    group.addRow(words);
    add_time(group, tr("Opens at"), &Wishes::business_from_minute);
    add_time(group, tr("Closes at"), &Wishes::business_to_minute);
}

}  // namespace gleaner::gui
