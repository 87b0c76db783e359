gleaner_unit_test(unit_async
    SOURCES
        shared/async/backoff_test.cpp
        shared/async/both_test.cpp
        shared/async/deadline_test.cpp
        shared/async/notification_test.cpp
        shared/async/offload_test.cpp
        shared/async/task_group_test.cpp
    DEPS gleaner_async)
