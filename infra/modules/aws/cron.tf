# Schedules of the source files in EventBridge Scheduler's form, and the longest time between two runs.
#
# `every` is aligned to the clock (15m = minute 0, 15, 30, 45), unlike `rate()`, which counts from the moment the
# schedule was created: so the scheduled times, and with them the keys of the runs, do not depend on a deployment.

locals {
  # One of day-of-month and day-of-week must be `?`.
  expressions = {
    for key, fields in local.cron_fields : key => local.cron_valid[key] ? join("", [
      "cron(${fields[0]} ${fields[1]} ",
      fields[4] == "*" ? fields[2] : "?",
      " ${fields[3]} ",
      fields[4] == "*" ? "?" : fields[4],
      " *)",
    ]) : "invalid"
  }

  # Numbers sort as text only when they are of one length.
  cron_times = {
    for key, values in local.field_values : key => sort([
      for pair in setproduct(values[1], values[0]) : format("%04d", pair[0] * 60 + pair[1])
    ])
  }
  stream_times = {
    for id, stream in local.scheduled : id => [
      for text in sort(distinct(flatten([for key, cron in local.crons : lookup(local.cron_times, key, []) if cron.id == id]))) :
      parseint(text, 10)
    ]
  }
  stream_days = {
    for id, stream in local.scheduled : id => one([
      for values in slice([for key, cron in local.crons : local.field_values[key] if cron.id == id && local.cron_valid[key]], 0, local.stream_times[id] == [] ? 0 : 1) : {
        of_month = [for text in sort(formatlist("%02d", values[2])) : parseint(text, 10)]
        months   = values[3]
        of_week  = [for text in sort(formatlist("%02d", values[4])) : parseint(text, 10)]
      }
    ])
  }

  # The most days from one day with runs to the next. A month without any is beyond what an alarm can watch.
  week_apart = {
    for id, days in local.stream_days : id => max([
      for index, day in days.of_week :
      index + 1 < length(days.of_week) ? days.of_week[index + 1] - day : days.of_week[0] + 7 - day
    ]...) if days != null
  }
  month_apart = {
    for id, days in local.stream_days : id => max(concat(
      [for index, day in days.of_month : days.of_month[index + 1] - day if index + 1 < length(days.of_month)],
      [
        for size in [28, 29, 30, 31] :
        try(size - max([for day in days.of_month : day if day <= size]...) + days.of_month[0], 62)
      ],
    )...) if days != null
  }
  days_apart = {
    for id, days in local.stream_days : id => (
      days == null ? 0 : length(days.months) < 12 ? 365 : max(local.week_apart[id], local.month_apart[id])
    )
  }
  gap_minutes = {
    for id, times in local.stream_times : id => length(times) == 0 ? 0 : max(concat(
      [for index, time in times : times[index + 1] - time if index + 1 < length(times)],
      [local.days_apart[id] * 1440 - times[length(times) - 1] + times[0]],
    )...)
  }
}
