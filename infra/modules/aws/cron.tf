# Schedules of the source files in EventBridge Scheduler's form.
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
}
