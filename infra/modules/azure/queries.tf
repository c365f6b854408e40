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
    | extend Item = parse_json(Message)
    | extend Source = tostring(Item.source), Stream = coalesce(tostring(Item.stream), strcat_array(Item.streams, ", "))
    | project TimeGenerated, Source, Stream, Message
  KQL

  trouble = <<-KQL
    union (
    ${indent(2, chomp(local.poison))}
      | extend Kind = "failed"
    ), (
    ${indent(2, chomp(local.runs))}
      | where todouble(Run.Breaches) > 0
      | project TimeGenerated, Source, Stream, Message, Kind = "breach"
    )
  KQL

  # The app compares each schedule with the log itself. Of an app that does not run there is a row without a source.
  missed = <<-KQL
    let Looks = ${chomp(local.traces)}
    | where Message has "bronzegate.missed" or Message has "bronzegate.watched"
    | extend Look = parse_json(Message)
    | where tostring(Look.environment) == "${var.environment}";
    union (
      Looks
      | where tostring(Look.event) == "bronzegate.missed"
      | project TimeGenerated, Source = tostring(Look.source), Stream = tostring(Look.stream), Due = todatetime(Look.due), Reason = tostring(Look.reason)
    ), (
      Looks
      | where tostring(Look.event) == "bronzegate.watched"
      | summarize Count = count()
      | where Count == 0
      | project TimeGenerated = now(), Source = "", Stream = "", Due = now(), Reason = "the app has not looked"
    )
  KQL
}
