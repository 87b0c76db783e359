#include "client-gui/views/schedule_page.h"

#include <QHBoxLayout>
#include <QLocale>
#include <QMenu>

#include "client-gui/models/wording.h"
#include "client-gui/views/suggestion_words.h"
#include "client-gui/views/week_view.h"

namespace gleaner::gui {

SchedulePage::SchedulePage(NodeClient& node, SettingsDraft& draft, QWidget* parent)
    : Page(tr("When to run"), parent), node_(node), draft_(draft) {
    build();
    connect(&week_, &WeekModel::edited, this, [this] {
        Wishes wishes = draft_.wishes();
        wishes.hours = week_.hours();
        draft_.set(wishes);
    });
    connect(form_, &WishesForm::edited, this, [this] { draft_.set(form_->wishes()); });
    connect(&draft_, &SettingsDraft::wishes_changed, this, &SchedulePage::show_wishes);
    connect(&draft_, &SettingsDraft::settings_came, this, &SchedulePage::show_site);
    connect(&draft_, &SettingsDraft::meaning_changed, this, [this] {
        meaning_->setText(draft_.meaning());
        update_buttons();
    });
    connect(&draft_, &SettingsDraft::save_refused, this, &Page::notice);
    connect(&node_, &NodeClient::link_changed, this, [this] {
        if (node_.link() == Link::connected) draft_.load();
        update_buttons();
    });
    if (draft_.loaded()) {
        show_wishes();
        show_site();
    }
    update_buttons();
}

void SchedulePage::build() {
    auto* words = new Card(tr("What these settings mean"), this);
    meaning_ = text_label(words);
    site_ = text_label(words);
    make_quiet(*site_);
    save_ = new QPushButton(tr("Save"), words);
    revert_ = new QPushButton(tr("Discard changes"), words);
    suggest_ = new QPushButton(tr("Suggested settings"), words);
    suggest_->setMenu(new QMenu(suggest_));
    auto* row = new QHBoxLayout;
    row->addWidget(save_);
    row->addWidget(revert_);
    row->addStretch(1);
    row->addWidget(suggest_);
    words->body().addWidget(meaning_);
    words->body().addWidget(site_);
    words->body().addLayout(row);
    body().addWidget(words);
    connect(save_, &QPushButton::clicked, &draft_, &SettingsDraft::save);
    connect(revert_, &QPushButton::clicked, &draft_, &SettingsDraft::revert);
    build_grid();
    form_ = new WishesForm(this);
    body().addWidget(form_);
    body().addStretch(1);
}

void SchedulePage::build_grid() {
    grid_ = new Card(tr("Hours of the week"), this);
    auto* how =
        text_label(grid_, tr("Coloured hours may be used. Drag over hours to change them, or "
                             "move with the arrow keys and press the space bar."));
    make_quiet(*how);
    auto* all = new QPushButton(tr("Every hour"), grid_);
    auto* no = new QPushButton(tr("No hour"), grid_);
    connect(all, &QPushButton::clicked, this, [this] { all_hours(true); });
    connect(no, &QPushButton::clicked, this, [this] { all_hours(false); });
    auto* row = new QHBoxLayout;
    row->addWidget(all);
    row->addWidget(no);
    row->addStretch(1);
    grid_->body().addWidget(how);
    grid_->body().addWidget(new WeekView(week_, grid_));
    grid_->body().addLayout(row);
    body().addWidget(grid_);
}

void SchedulePage::opened() {
    draft_.load();
}

void SchedulePage::all_hours(bool on) {
    Wishes wishes = draft_.wishes();
    wishes.hours = on ? WeekModel::Hours().set() : WeekModel::Hours();
    draft_.set(wishes);
}

void SchedulePage::show_wishes() {
    week_.show(draft_.wishes().hours);
    form_->show_wishes(draft_.wishes());
    update_buttons();
}

void SchedulePage::show_site() {
    QStringList fields;
    for (const QString& field : draft_.saved().stricter) fields << Wording::settings_field(field);
    site_->setVisible(draft_.saved().site_rules);
    site_->setText(
        fields.isEmpty()
            ? tr("The owner of the site has set rules too; here they change nothing.")
            : tr("The owner of the site is stricter about: %1. The stricter rule counts.")
                  .arg(QLocale().createSeparatedList(fields)));
    suggest_->menu()->clear();
    for (const Suggestion& suggestion : draft_.saved().suggestions)
        connect(suggest_->menu()->addAction(SuggestionWords::title(suggestion.kind)),
                &QAction::triggered, this,
                [this, wishes = suggestion.wishes] { draft_.set(wishes); });
}

void SchedulePage::update_buttons() {
    const bool can = node_.link() == Link::connected && node_.may_control() && draft_.loaded();
    save_->setEnabled(can && draft_.changed() && draft_.sound());
    revert_->setEnabled(draft_.changed());
    suggest_->setEnabled(can);
    grid_->setEnabled(can);
    form_->setEnabled(can);
}

}  // namespace gleaner::gui
