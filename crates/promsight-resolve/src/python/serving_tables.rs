//! Which callables of web frameworks and servers make, join and serve what.
//!
//! Tables alone; [`super::serving_calls`] gives them their meaning.

/// How something of a framework takes its arguments: where the path in front of its routes stands, by position and
/// keyword, and where its routes do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Maker {
    pub(super) kind: MakerKind,
    /// `(position, keyword)` of the path in front; `usize::MAX` for keyword only.
    pub(super) prefix: Option<(usize, &'static str)>,
    /// The same of the routes.
    pub(super) routes: Option<(usize, &'static str)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MakerKind {
    Application,
    Router,
    /// Made for an application that is its first argument (`flask_restful.Api(app)`).
    RouterOf,
}

const KEYWORD: usize = usize::MAX;

const fn application(routes: Option<(usize, &'static str)>) -> Maker {
    Maker {
        kind: MakerKind::Application,
        prefix: None,
        routes,
    }
}

const fn router(prefix: Option<(usize, &'static str)>, routes: Option<(usize, &'static str)>) -> Maker {
    Maker {
        kind: MakerKind::Router,
        prefix,
        routes,
    }
}

/// By package and class; submodules of the package are left out of the comparison.
const MAKERS: &[(&str, &str, Maker)] = &[
    ("fastapi", "FastAPI", application(Some((KEYWORD, "routes")))),
    (
        "fastapi",
        "APIRouter",
        router(Some((KEYWORD, "prefix")), Some((KEYWORD, "routes"))),
    ),
    ("fastapi_offline", "FastAPIOffline", application(None)),
    ("starlette", "Starlette", application(Some((1, "routes")))),
    ("starlette", "Router", router(None, Some((0, "routes")))),
    ("flask", "Flask", application(None)),
    ("flask", "Blueprint", router(Some((KEYWORD, "url_prefix")), None)),
    ("apiflask", "APIFlask", application(None)),
    (
        "apiflask",
        "APIBlueprint",
        router(Some((KEYWORD, "url_prefix")), None),
    ),
    ("flask_openapi3", "OpenAPI", application(None)),
    (
        "flask_openapi3",
        "APIBlueprint",
        router(Some((KEYWORD, "url_prefix")), None),
    ),
    ("quart", "Quart", application(None)),
    ("quart", "Blueprint", router(Some((KEYWORD, "url_prefix")), None)),
    ("sanic", "Sanic", application(None)),
    ("sanic", "Blueprint", router(Some((1, "url_prefix")), None)),
    ("bottle", "Bottle", application(None)),
    ("falcon", "App", application(None)),
    ("falcon", "API", application(None)),
    ("litestar", "Litestar", application(Some((0, "route_handlers")))),
    (
        "litestar",
        "Router",
        router(Some((0, "path")), Some((KEYWORD, "route_handlers"))),
    ),
    ("starlite", "Starlite", application(Some((0, "route_handlers")))),
    ("tornado", "Application", application(Some((0, "handlers")))),
    ("aiohttp", "Application", application(None)),
    ("aiohttp", "RouteTableDef", router(None, None)),
    ("blacksheep", "Application", application(None)),
    ("responder", "API", application(None)),
    ("robyn", "Robyn", application(None)),
    ("klein", "Klein", application(None)),
    ("microdot", "Microdot", application(None)),
    ("twisted", "Resource", router(None, None)),
    (
        "flask_restful",
        "Api",
        Maker {
            kind: MakerKind::RouterOf,
            prefix: Some((1, "prefix")),
            routes: None,
        },
    ),
    (
        "flask_restx",
        "Api",
        Maker {
            kind: MakerKind::RouterOf,
            prefix: Some((KEYWORD, "prefix")),
            routes: None,
        },
    ),
    ("flask_restx", "Namespace", router(Some((KEYWORD, "path")), None)),
];

/// How the class at a dotted path takes its arguments, with its package.
pub(super) fn maker(path: &str) -> Option<(&'static str, &'static Maker)> {
    let (package, class) = ends_of(path)?;
    MAKERS
        .iter()
        .find(|(known, name, _)| *known == package && *name == class)
        .map(|(package, _, maker)| (*package, maker))
}

/// The first and the last component of a dotted path.
pub(super) fn ends_of(path: &str) -> Option<(&str, &str)> {
    let (package, _) = path.split_once('.')?;
    let (_, class) = path.rsplit_once('.')?;
    Some((package, class))
}

/// Methods of applications and routers that take a path and give a decorator, or take a handler beside it.
pub(super) const ROUTE_METHODS: &[&str] = &[
    "add_api_route",
    "add_delete",
    "add_get",
    "add_head",
    "add_post",
    "add_resource",
    "add_route",
    "add_url_rule",
    "add_view",
    "api_route",
    "delete",
    "get",
    "head",
    "options",
    "patch",
    "post",
    "put",
    "route",
];

/// Methods that take another web object, or an application that serves a registry.
pub(super) const MOUNT_METHODS: &[&str] = &[
    "add_namespace",
    "add_subapp",
    "blueprint",
    "host",
    "include_router",
    "mount",
    "putChild",
    "register_api",
    "register_blueprint",
];

/// Methods that take routes as a list.
pub(super) const LIST_METHODS: &[&str] = &[
    "add_handlers",
    "add_routes",
    "register",
    "routes.append",
    "routes.extend",
    "routes.insert",
];

/// Methods that listen.
pub(super) const LISTEN_METHODS: &[&str] = &["bind", "listen", "run", "run_task"];

/// The port on which frameworks' own `run` listens where none is given.
pub(super) fn default_port(package: &str) -> Option<u16> {
    match package {
        "flask" | "apiflask" | "flask_openapi3" | "quart" | "microdot" => Some(5000),
        "sanic" => Some(8000),
        "bottle" | "robyn" | "klein" => Some(8080),
        "responder" => Some(5042),
        _ => None,
    }
}

/// Attributes that stand for the object itself.
pub(super) const SAME: &[&str] = &["asgi_app", "router", "url_map", "wsgi_app"];

/// Routes that stand alone until something takes them: `(package, name, position of the path, position of the
/// handler)`, keywords as these frameworks have them.
pub(super) const ENTRIES: &[(&str, &str, usize, usize)] = &[
    ("starlette", "Route", 0, 1),
    ("starlette", "WebSocketRoute", 0, 1),
    ("fastapi", "APIRoute", 0, 1),
    ("fastapi", "Route", 0, 1),
    ("tornado", "url", 0, 1),
    ("tornado", "URLSpec", 0, 1),
    ("tornado", "Rule", 0, 1),
    ("aiohttp", "get", 0, 1),
    ("aiohttp", "head", 0, 1),
    ("aiohttp", "post", 0, 1),
    ("aiohttp", "view", 0, 1),
    ("aiohttp", "route", 1, 2),
];

/// Routes below a path that stand alone.
pub(super) const BELOW: &[(&str, &str)] = &[("starlette", "Mount"), ("fastapi", "Mount")];

/// Decorators that stand alone and give a handler which something takes (`litestar.get("/metrics")`).
pub(super) const LOOSE_DECORATORS: &[(&str, &str)] = &[
    ("bottle", "get"),
    ("bottle", "post"),
    ("bottle", "route"),
    ("litestar", "get"),
    ("litestar", "post"),
    ("litestar", "route"),
    ("starlite", "get"),
    ("starlite", "post"),
];

/// Callables that listen: path, position and keyword of what is served, position and keyword of the port, the port
/// where none is given (0 where one must be).
pub(super) struct Listener {
    pub(super) path: &'static str,
    pub(super) served: (usize, &'static str),
    pub(super) port: (usize, &'static str),
    pub(super) default: u16,
}

const fn listener(
    path: &'static str,
    served: (usize, &'static str),
    port: (usize, &'static str),
    default: u16,
) -> Listener {
    Listener {
        path,
        served,
        port,
        default,
    }
}

/// Where the port stands in a tuple `(host, port)`, the position is that of the tuple.
pub(super) const LISTENERS: &[Listener] = &[
    listener("aiohttp.web.run_app", (0, "app"), (KEYWORD, "port"), 8080),
    listener("aiohttp.web.TCPSite", (0, "runner"), (2, "port"), 8080),
    listener("aiohttp.web_runner.TCPSite", (0, "runner"), (2, "port"), 8080),
    listener("bottle.run", (0, "app"), (3, "port"), 8080),
    listener("cheroot.wsgi.Server", (1, "wsgi_app"), (0, "bind_addr"), 0),
    listener("eventlet.wsgi.server", (1, "site"), (0, "sock"), 0),
    listener("gevent.pywsgi.WSGIServer", (1, "application"), (0, "listener"), 0),
    listener("granian.Granian", (0, "target"), (2, "port"), 8000),
    listener(
        "http.server.HTTPServer",
        (1, "RequestHandlerClass"),
        (0, "server_address"),
        0,
    ),
    listener(
        "http.server.ThreadingHTTPServer",
        (1, "RequestHandlerClass"),
        (0, "server_address"),
        0,
    ),
    listener("hypercorn.asyncio.serve", (0, "app"), (KEYWORD, "port"), 0),
    listener(
        "socketserver.TCPServer",
        (1, "RequestHandlerClass"),
        (0, "server_address"),
        0,
    ),
    listener(
        "socketserver.ThreadingTCPServer",
        (1, "RequestHandlerClass"),
        (0, "server_address"),
        0,
    ),
    listener(
        "twisted.internet.reactor.listenTCP",
        (1, "factory"),
        (0, "port"),
        0,
    ),
    listener("uvicorn.Config", (0, "app"), (2, "port"), 8000),
    listener("uvicorn.run", (0, "app"), (KEYWORD, "port"), 8000),
    listener("waitress.serve", (0, "app"), (KEYWORD, "port"), 8080),
    listener("werkzeug.run_simple", (2, "application"), (1, "port"), 0),
    listener("werkzeug.serving.make_server", (2, "app"), (1, "port"), 0),
    listener("werkzeug.serving.run_simple", (2, "application"), (1, "port"), 0),
    listener("wsgiref.simple_server.make_server", (2, "app"), (1, "port"), 0),
];

/// Things that only carry what they are given first.
pub(super) const CARRIERS: &[&str] = &[
    "aiohttp.web.AppRunner",
    "aiohttp.web.ServerRunner",
    "aiohttp.web_runner.AppRunner",
    "asgiref.wsgi.WsgiToAsgi",
    "eventlet.listen",
    "fastapi.middleware.wsgi.WSGIMiddleware",
    "starlette.middleware.wsgi.WSGIMiddleware",
    "a2wsgi.WSGIMiddleware",
    "a2wsgi.ASGIMiddleware",
    "tornado.httpserver.HTTPServer",
    "tornado.wsgi.WSGIContainer",
    "twisted.web.server.Site",
    "twisted.web.wsgi.WSGIResource",
    "uvicorn.Server",
    "werkzeug.middleware.proxy_fix.ProxyFix",
];

/// Classes and callables that demand credentials: without them a scraper gets 401 or 403.
pub(super) const SECURITY: &[&str] = &[
    "APIKeyCookie",
    "APIKeyHeader",
    "APIKeyQuery",
    "HTTPBasic",
    "HTTPBearer",
    "HTTPDigest",
    "OAuth2AuthorizationCodeBearer",
    "OAuth2PasswordBearer",
    "OpenIdConnect",
];

/// Decorators that do the same for what they decorate, by the end of their paths.
pub(super) const GUARDS: &[&str] = &[
    "django.contrib.admin.views.decorators.staff_member_required",
    "django.contrib.auth.decorators.login_required",
    "django.contrib.auth.decorators.permission_required",
    "flask_httpauth.HTTPBasicAuth.login_required",
    "flask_httpauth.HTTPDigestAuth.login_required",
    "flask_httpauth.HTTPTokenAuth.login_required",
    "flask_httpauth.MultiAuth.login_required",
    "flask_jwt_extended.jwt_required",
    "flask_login.login_required",
    "flask_security.auth_required",
    "flask_security.login_required",
    "quart_auth.login_required",
];

/// What makes metrics leave the process by another protocol once it is made.
pub(super) const PUSHERS: &[&str] = &[
    "datadog.initialize",
    "datadog.dogstatsd.DogStatsd",
    "opentelemetry.exporter.otlp.proto.grpc.metric_exporter.OTLPMetricExporter",
    "opentelemetry.exporter.otlp.proto.http.metric_exporter.OTLPMetricExporter",
    "opentelemetry.exporter.prometheus_remote_write.PrometheusRemoteWriteMetricsExporter",
    "prometheus_client.bridge.graphite.GraphiteBridge",
    "statsd.StatsClient",
    "statsd.TCPStatsClient",
    "statsd.UnixSocketStatsClient",
];

/// Modules outside the tree that list Django's URLs, and the path of the metrics in them.
pub(super) const URL_MODULES: &[(&str, &str)] = &[("django_prometheus.urls", "metrics")];
