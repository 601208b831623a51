"""What travellers are told, in one line each: the same words whoever sends them, so that phones can be compared.

No answer says a line of the news, or it would count as that news.

`{flight}`, `{gate}`, `{belt}` and `{time}` (of the departure, where the airport is) are filled in.
"""

CHECK_IN = "{flight} 开始值机，请提前办理。"
GATE = "{flight} 登机口 {gate}。"
GATE_CHANGE = "{flight} 登机口改为 {gate}，请前往 {gate}。"
DELAY = "{flight} 延误，预计 {time} 起飞。"
BOARDING = "{flight} 开始登机，请前往 {gate} 登机口。"
LAST_CALL = "{flight} 最后登机提醒，{gate} 登机口即将关闭。"
CANCELLED = "{flight} 已取消，请到柜台改签或退票。"
LANDED = "{flight} 已到达。"
BELT = "{flight} 行李转盘 {belt}。"
MILES = "{flight} 的里程已入账。"
STATUS = "{flight} 预计 {time} 起飞，登机口 {gate}。有变化会通知你。"
IS_CANCELLED = "{flight} 今天不飞：已取消。"
UNKNOWN_GATE = "待定"
HELP = "发送航班号，例如 CA1001。"
