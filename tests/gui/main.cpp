#define DOCTEST_CONFIG_IMPLEMENT
#include <QApplication>
#include <QLocale>

#include <doctest/doctest.h>

int main(int argc, char** argv) {
    qputenv("QT_QPA_PLATFORM", "offscreen");
    QApplication qt(argc, argv);
    QApplication::setQuitOnLastWindowClosed(false);
    QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedStates));
    doctest::Context context(argc, argv);
    return context.run();
}
