import{o,D as a}from"./index-DVFUw9yv.js";function s(s){o(()=>{a.value&&s()})}export{s as o};
