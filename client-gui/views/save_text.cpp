#include "client-gui/views/save_text.h"

#include <QCoreApplication>
#include <QDir>
#include <QFileDialog>
#include <QSaveFile>
#include <utility>

namespace gleaner::gui {

void save_text(QWidget* parent, const QString& title, const QString& file_name, const QString& text,
               std::function<void(const QString&)> told) {
    auto* dialog = new QFileDialog(parent, title, QDir::homePath());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->selectFile(file_name);
    QObject::connect(
        dialog, &QFileDialog::fileSelected, parent,
        [text, told = std::move(told)](const QString& path) {
            QSaveFile file(path);
            const bool written =
                file.open(QIODevice::WriteOnly) && file.write(text.toUtf8()) >= 0 && file.commit();
            told(written ? QCoreApplication::translate("SaveText", "Saved in %1.").arg(path)
                         : QCoreApplication::translate(
                               "SaveText", "%1 could not be written: %2. Choose another folder.")
                               .arg(path, file.errorString()));
        });
    dialog->open();
}

}  // namespace gleaner::gui
