# Schedules of the source files as five-field crons, and what their fields mean as numbers.
#
# `every` is aligned to the clock (15m = minute 0, 15, 30, 45, UTC): so the scheduled times, and with them the keys
# of the runs, do not depend on a deployment.

locals {
  scheduled = { for id, stream in local.streams : id => stream if stream.schedule != null }

  unit_minutes = { m = 1, h = 60, d = 1440 }

  # Whole minutes between runs, for `every`; 0 for what cannot be read, which the modules refuse.
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

  # Streams of one source with the same times are one event, so that they share one rate limit. A group is named after
  # its source and times: a stream that joins it or leaves it changes nothing else.
  group_names = {
    for key, cron in local.crons : key => join(".", concat(
      [local.streams[cron.id].source],
      local.cron_valid[key] ? [for field in local.cron_fields[key] : replace(replace(replace(field, "*", "x"), "/", "--"), ",", "_")] : [key],
      try(local.streams[cron.id].schedule.timezone, "UTC") == "UTC" ? [] : [replace(replace(local.streams[cron.id].schedule.timezone, "/", "--"), "+", "_plus_")],
    ))
  }
  groups = {
    for name, keys in { for key, name in local.group_names : name => key... } : name => {
      key      = keys[0]
      source   = local.streams[local.crons[keys[0]].id].source
      streams  = sort([for key in keys : local.streams[local.crons[key].id].stream])
      timezone = try(coalesce(local.streams[local.crons[keys[0]].id].schedule.timezone), "UTC")
    }
  }
}
