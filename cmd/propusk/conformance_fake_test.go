package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// fakeSuite is the REST API of the suite as far as run uses it: states, statuses and JSON are those of
// the real one (5.2.4).
type fakeSuite struct {
	*httptest.Server
	t       testing.TB
	modules []fakeModule

	mu      sync.Mutex
	runs    map[string]*fakeRun
	calls   []string // what happened, in order
	running int
	most    int // modules that ran at once
	bodies  []string
}

// fakeModule is one module of every plan of a fakeSuite, and how it ends.
type fakeModule struct {
	name    string
	variant string // JSON, "" for none
	result  string // "" never ends
	status  string // "" is FINISHED
	log     []suiteEntry
	waits   bool   // stops at CONFIGURED until it is started
	late    int    // polls that time out before the end
	broken  string // start answers 500: "started" although it starts, "waiting" because it does not
}

type fakeRun struct {
	module fakeModule
	state  string
	polls  int
	ended  bool
}

func newFakeSuite(t testing.TB, modules ...fakeModule) *fakeSuite {
	f := &fakeSuite{t: t, modules: modules, runs: map[string]*fakeRun{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/plan", f.plan)
	mux.HandleFunc("POST /api/runner", f.create)
	mux.HandleFunc("POST /api/runner/{id}", f.start)
	mux.HandleFunc("DELETE /api/runner/{id}", f.cancel)
	mux.HandleFunc("GET /api/runner/{id}/wait-state", f.wait)
	mux.HandleFunc("GET /api/info/{id}", f.info)
	mux.HandleFunc("GET /api/log/{id}", f.log)
	f.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && r.Header.Get("Content-Type") != "application/json" {
			http.Error(w, "", http.StatusUnsupportedMediaType)
			return
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(f.Close)
	return f
}

func (f *fakeSuite) answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	err := json.NewEncoder(w).Encode(v)
	if err != nil {
		f.t.Error(err)
	}
}

func (f *fakeSuite) plan(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Query().Get("planName")
	f.calls = append(f.calls, strings.TrimSpace("plan "+name+" "+r.URL.Query().Get("variant")))
	if !strings.HasPrefix(name, "oidcc-") {
		f.answer(w, http.StatusNotFound, object{"error": "No plan with name: " + name})
		return
	}
	var body json.RawMessage
	err := json.NewDecoder(r.Body).Decode(&body)
	if err != nil {
		f.answer(w, http.StatusBadRequest, object{"error": err.Error()})
		return
	}
	f.bodies = append(f.bodies, string(body))
	modules := []object{}
	for _, m := range f.modules {
		one := object{"testModule": m.name, "variant": nil, "instances": []string{}}
		if m.variant != "" {
			one["variant"] = json.RawMessage(m.variant)
		}
		modules = append(modules, one)
	}
	f.answer(w, http.StatusCreated, object{"name": name, "id": "plan1", "modules": modules})
}

func (f *fakeSuite) create(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	for _, m := range f.modules {
		if q.Get("plan") != "plan1" || q.Get("test") != m.name || q.Get("variant") != m.variant {
			continue
		}
		id := fmt.Sprintf("run%d", len(f.runs)+1)
		run := &fakeRun{module: m, state: "WAITING"}
		if m.waits {
			run.state = stateConfigured
		}
		f.runs[id] = run
		f.running++
		f.most = max(f.most, f.running)
		f.calls = append(f.calls, "create "+m.name)
		f.answer(w, http.StatusCreated, object{"name": m.name, "id": id, "url": f.URL + "/test/" + id})
		return
	}
	f.answer(w, http.StatusNotFound, object{"error": "no such module"})
}

func (f *fakeSuite) start(w http.ResponseWriter, r *http.Request) {
	run := f.runs[r.PathValue("id")]
	f.calls = append(f.calls, "start "+run.module.name)
	if run.module.broken != "waiting" {
		run.state = "WAITING"
	}
	if run.module.broken != "" {
		f.answer(w, http.StatusInternalServerError, object{"error": "could not write JSON"})
		return
	}
	f.answer(w, http.StatusOK, object{"name": run.module.name, "id": r.PathValue("id")})
}

func (f *fakeSuite) cancel(w http.ResponseWriter, r *http.Request) {
	run := f.runs[r.PathValue("id")]
	f.calls = append(f.calls, "cancel "+run.module.name)
	f.end(run, stateInterrupted)
	f.answer(w, http.StatusOK, object{"result": "OK"})
}

func (f *fakeSuite) end(run *fakeRun, state string) {
	run.state = state
	if !run.ended {
		run.ended = true
		f.running--
	}
}

// wait answers a poll at once: with the state where it is asked for, else as when the time is up.
func (f *fakeSuite) wait(w http.ResponseWriter, r *http.Request) {
	run := f.runs[r.PathValue("id")]
	states := strings.Split(r.URL.Query().Get("states"), ",")
	asked := func() bool {
		for _, s := range states {
			if s == run.state {
				return true
			}
		}
		return false
	}
	if !asked() && run.state == "WAITING" && run.module.result != "" {
		run.polls++
		if run.polls > run.module.late {
			status := run.module.status
			if status == "" {
				status = stateFinished
			}
			f.end(run, status)
		}
	}
	if asked() {
		f.answer(w, http.StatusOK, object{"state": run.state})
		return
	}
	f.answer(w, http.StatusOK, object{"timeout": true})
}

func (f *fakeSuite) info(w http.ResponseWriter, r *http.Request) {
	run := f.runs[r.PathValue("id")]
	f.answer(w, http.StatusOK, object{"_id": r.PathValue("id"), "testName": run.module.name, "status": run.state,
		"version": "5.2.4", "result": run.module.result})
}

func (f *fakeSuite) log(w http.ResponseWriter, r *http.Request) {
	f.answer(w, http.StatusOK, f.runs[r.PathValue("id")].module.log)
}
