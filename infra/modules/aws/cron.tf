# Schedules of the source files in EventBridge Scheduler's form, and the longest time between two runs.
#
# `every` is aligned to the clock (15m = minute 0, 15, 30, 45), unlike `rate()`, which counts from the moment the
# schedule was created: so the scheduled times, and with them the keys of the runs, do not depend on a deployment.

locals {
  scheduled = { for id, stream in local.streams : id => stream if stream.schedule != null }

  unit_minutes = { m = 1, h = 60, d = 1440 }

  # Whole minutes between runs, for `every`; 0 for what cannot be read, which the schedule's precondition refuses.
  every_minutes = {
    for id, stream in local.scheduled : id => try(
      tonumber(regex("^([0-9]+)[mhd]$", stream.schedule.every)[0]) * local.unit_minutes[regex("[mhd]$", stream.schedule.every)],
      try(tonumber(regex("^([0-9]+)s$", stream.schedule.every)[0]) / 60, 0),
    ) if can(stream.schedule.every)
  }

  every_cron = {
    for id, minutes in local.every_minutes : id => (
      minutes < 1 || floor(minutes) != minutes || (minutes <= 60 ? 60 : 1440) % max(floor(minutes), 1) != 0 ? "" :
      minutes == 1 ? "* * * * *" :
      minutes < 60 ? "*/${minutes} * * * *" :
      minutes == 60 ? "0 * * * *" :
      minutes == 1440 ? "0 0 * * *" :
      minutes % 60 == 0 ? "0 */${minutes / 60} * * *" : ""
    )
  }

  # Divisors of a day that are no whole hours (90m = 16 runs a day) need a schedule for each minute of the hour.
  every_times = {
    for id, minutes in local.every_minutes : id => [for at in range(0, 1440, minutes) : at]
    if try(local.every_cron[id], "") == "" && minutes > 60 && 1440 % max(floor(minutes), 1) == 0 && floor(minutes) == minutes
  }

  crons = merge(flatten([
    for id, stream in local.scheduled : [
      contains(keys(local.every_times), id) ?
      {
        for minute in distinct([for at in local.every_times[id] : at % 60]) :
        "${id}.${minute}" => {
          id   = id
          cron = "${minute} ${join(",", [for at in local.every_times[id] : floor(at / 60) if at % 60 == minute])} * * *"
        }
      } :
      { (id) = { id = id, cron = can(stream.schedule.every) ? local.every_cron[id] : try(stream.schedule.cron, "") } }
    ]
  ])...)

  cron_fields = { for key, cron in local.crons : key => compact(split(" ", replace(trimspace(cron.cron), "/\\s+/", " "))) }
  cron_valid = {
    for key, fields in local.cron_fields : key => length(fields) == 5 ? fields[2] == "*" || fields[4] == "*" : false
  }

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

  # What each field means, as numbers: `*`, a value, a range, each with a step or without, in lists.
  field_bounds = [[0, 59], [0, 23], [1, 31], [1, 12], [0, 6]]
  field_names = merge(
    { for index, name in ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"] : name => index },
    { for index, name in ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"] : name => index + 1 },
  )
  field_items = {
    for key, fields in local.cron_fields : key => [
      for index, field in fields : [
        for item in split(",", field) : {
          step = try(tonumber(split("/", item)[1]), 1)
          ends = split("/", item)[0] == "*" ? local.field_bounds[index] : [
            for end in [split("-", split("/", item)[0])[0], reverse(split("-", split("/", item)[0]))[0]] :
            try(local.field_names[end], tonumber(end))
          ]
        }
      ]
    ] if local.cron_valid[key]
  }
  field_values = {
    for key, fields in local.field_items : key => [
      for items in fields : distinct(flatten([for item in items : range(item.ends[0], item.ends[1] + 1, item.step)]))
    ]
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
