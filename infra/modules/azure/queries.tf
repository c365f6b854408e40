# What the alerts and the workbook ask the log, in KQL over the workspace's own tables.
#
# The handler writes a JSON line for each run of a stream; the Functions host makes it a row of AppTraces.

locals {
  traces = <<-KQL
    AppTraces
    | where _ResourceId =~ "${azurerm_application_insights.function.id}"
  KQL

  runs = <<-KQL
    ${chomp(local.traces)}
    | where Message has "bronzegate.run"
    | extend Run = parse_json(Message)
    | where tostring(Run.event) == "bronzegate.run" and tostring(Run.environment) == "${var.environment}"
    | extend Source = tostring(Run.source), Stream = tostring(Run.stream)
  KQL

  # The second line is the host's: it gives an item up by itself when the handler died each time.
  poison = <<-KQL
    ${chomp(local.traces)}
    | where Message has "bronzegate.poison" or (Message has "MaxDequeueCount" and Message has "${var.queue}-poison")
    | project TimeGenerated, Message
  KQL

  # A row for each cron. An empty list is `*`; days of the week count from Monday.
  schedule_rows = [
    for key, values in module.sources.field_values : join(", ", concat(
      [
        for text in [
          module.sources.scheduled[module.sources.crons[key].id].source,
          module.sources.scheduled[module.sources.crons[key].id].stream,
          try(coalesce(module.sources.scheduled[module.sources.crons[key].id].schedule.timezone), "UTC"),
        ] : jsonencode(text)
      ],
      [
        for index, numbers in values :
        "dynamic(${jsonencode(index >= 2 && module.sources.cron_fields[key][index] == "*" ? [] : numbers)})"
      ],
    ))
  ]

  # The newest time that each stream was due, if that is a grace ago and no run has completed since. Windows of a
  # backfill complete nothing that was due. Three days back in local time are more than two in UTC, wherever it is.
  missed = <<-KQL
    let Schedules = datatable(Source: string, Stream: string, Zone: string, Minutes: dynamic, Hours: dynamic, DaysOfMonth: dynamic, Months: dynamic, DaysOfWeek: dynamic) [
    ${join(",\n", formatlist("  %s", local.schedule_rows))}
    ];
    let Completions = ${chomp(local.runs)}
    | where todouble(Run.RunCompleted) > 0 and tostring(Run.kind) != "window"
    | summarize Completed = max(TimeGenerated) by Source, Stream;
    Schedules
    | mv-expand Back = range(0, 3) to typeof(long)
    | extend Day = startofday(datetime_utc_to_local(now(), Zone)) - Back * 1d
    | where array_length(DaysOfMonth) == 0 or set_has_element(DaysOfMonth, tolong(dayofmonth(Day)))
    | where array_length(Months) == 0 or set_has_element(Months, tolong(monthofyear(Day)))
    | where array_length(DaysOfWeek) == 0 or set_has_element(DaysOfWeek, (tolong(dayofweek(Day) / 1d) + 6) % 7)
    | mv-expand Hour = Hours to typeof(long)
    | mv-expand Minute = Minutes to typeof(long)
    | extend Due = datetime_local_to_utc(Day + Hour * 1h + Minute * 1m, Zone)
    | where Due between (ago(2d) .. ago(${var.thresholds.missed_grace_minutes}m))
    | summarize Due = max(Due) by Source, Stream
    | join kind=leftouter Completions on Source, Stream
    | where isnull(Completed) or Completed < Due
    | project Source, Stream, Due, Completed
  KQL
}
